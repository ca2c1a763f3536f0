from __future__ import annotations

import sys

import numpy as np
import pytest

from agemodel.core.errors import DatasetError
from agemodel.explorer.face_map import place_faces


def clusters(count: int = 40, kinds: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of length 1 about `kinds` directions, and the kind of each."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(kinds, 64))
    kind = np.repeat(np.arange(kinds), count)
    embeddings = centres[kind] + 0.4 * rng.normal(size=(len(kind), 64))
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return (embeddings / lengths).astype(np.float32), kind


def test_map_fills_a_unit_square_and_keeps_its_proportions() -> None:
    pytest.importorskip("sklearn.manifold")
    places = place_faces(clusters()[0])
    assert places.shape == (200, 2)
    assert places.dtype == np.float32
    low, high = places.min(axis=0), places.max(axis=0)
    assert (high - low).max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose((low + high) / 2, 0.5, atol=1e-6)


def test_map_is_the_same_every_time() -> None:
    pytest.importorskip("sklearn.manifold")
    embeddings, _ = clusters(count=25)
    np.testing.assert_array_equal(place_faces(embeddings), place_faces(embeddings))


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(DatasetError, match=r"scikit-learn.*requirements/dev\.txt"):
        place_faces(clusters()[0])
