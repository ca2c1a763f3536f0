"""The parts of the Footage page."""
