"""The errors that this package raises on purpose.

A caller that catches `AgeModelError` has caught them all::

    AgeModelError
    ├── ImageError      a file that cannot be read as a picture
    ├── DatasetError    an archive, a dataset folder or its index
    ├── ConfigError     a training configuration or an environment variable
    ├── RunError        a run that is missing, damaged or in use
    ├── BulkError       a bulk run: its source, its results or its workers
    ├── ClusterError    a Ray cluster that is not there, or fails
    ├── FootageError    a clip, or a folder with what was found in clips
    └── ModelError      a model that is missing, damaged or of another version

Every message is a sentence or two for a person: what was expected, what came, and
what to do next.
"""


class AgeModelError(Exception):
    """Base of every error that the package raises on purpose."""


class ImageError(AgeModelError):
    """A file cannot be read as a picture."""


class DatasetError(AgeModelError):
    """An archive, a dataset folder or its index is missing, damaged or refused."""


class ConfigError(AgeModelError):
    """A training configuration, or a variable of the environment, is invalid."""


class RunError(AgeModelError):
    """A run is missing, damaged, in use or not far enough."""


class BulkError(AgeModelError):
    """A bulk run cannot begin or go on: its source, its results or its workers."""


class ClusterError(AgeModelError):
    """There is no Ray cluster that can be used."""


class ModelError(AgeModelError):
    """An exported model is missing, damaged or of another version."""


class FootageError(AgeModelError):
    """A clip cannot be read, or a folder of results is of something else."""
