"""Train the detector's own parts: its search network and the face check."""
