"""The parts of the Folder page."""
