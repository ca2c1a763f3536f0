"""Keras: networks, augmentation, training, evaluation and export.

Importing this package loads nothing; its modules `networks`, `objectives`, `train`,
`evaluate` and `export` load TensorFlow.
"""
