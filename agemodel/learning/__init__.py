"""Keras: networks, augmentation, training, evaluation and export.

Importing this package loads nothing; `networks`, `objectives`, `training_loop`,
`evaluate` and `export` load TensorFlow.
"""
