"""The networks and the bundled photos, loaded once for all tests of faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from agemodel.core import paths
from agemodel.faces import Detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image

PORTRAITS = ("eileen-collins", "barack-obama", "joe-biden")


@pytest.fixture(scope="session")
def detector() -> FaceDetector:
    """The detector with the shipped networks, of what it is sure."""
    return FaceDetector(min_score=0.6)


@pytest.fixture(scope="session")
def photo() -> Callable[[str], np.ndarray]:
    """From a bundled photo's name to its pixels; not to be written to."""
    read: dict[str, np.ndarray] = {}

    def rgb_of(name: str) -> np.ndarray:
        if name not in read:
            read[name] = read_image(paths.SAMPLES / f"{name}.jpg").rgb
            read[name].setflags(write=False)
        return read[name]

    return rgb_of


@pytest.fixture(scope="session")
def portraits(
    detector: FaceDetector, photo: Callable[[str], np.ndarray]
) -> dict[str, tuple[np.ndarray, Detection]]:
    """The three portraits, each with the one face found in it."""
    found = {}
    for name in PORTRAITS:
        (face,) = detector.detect(photo(name))
        found[name] = (photo(name), face)
    return found
