"""Find faces, frame them, and say how well they can be judged."""
