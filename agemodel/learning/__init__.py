"""Keras: networks, augmentation, training, evaluation and export.

Importing this package loads nothing; `networks`, `objectives`, `training_loop`,
`evaluate` and `export` load TensorFlow. It makes Keras, which it is to be imported
before, follow `keras.json` here and not the settings of the user, which may name
another backend or order of the axes. `AGEMODEL_KERAS_BACKEND` names another backend to
train with, such as jax on a GPU; to export takes TensorFlow.
"""

import os
from pathlib import Path

os.environ["KERAS_HOME"] = str(Path(__file__).parent)
for _name in ("KERAS_BACKEND", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
    os.environ.pop(_name, None)
if _backend := os.environ.get("AGEMODEL_KERAS_BACKEND"):
    os.environ["KERAS_BACKEND"] = _backend
