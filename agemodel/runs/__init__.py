"""A training run: its folder, its recipe, and what its files say. No Keras."""
