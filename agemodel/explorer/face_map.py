"""A map on which faces lie near each other that the model finds alike.

By t-SNE (L. van der Maaten and G. Hinton, 'Visualizing Data using t-SNE', JMLR 2008).
Which faces lie close together says something; how far two groups lie apart does not.
The map is computed once and ships, so scikit-learn, which computes it, is needed by
nobody who only looks at it.
"""

from __future__ import annotations

import numpy as np

from agemodel.core.errors import DatasetError

MIN_FACES = 100
"""Fewer faces make no map."""
_PERPLEXITY = 30.0  # the paper: 'typical values are between 5 and 50'
_SEED = 0


def place_faces(embeddings: np.ndarray) -> np.ndarray:
    """Place faces on a map; the same embeddings always come to lie the same.

    Args:
        embeddings: shape (n, d), float32, n at least `MIN_FACES`; for alikeness by
            cosine of length 1 each.

    Returns:
        Shape (n, 2), float32, in 0..1: the longer side of the map fills it.

    Raises:
        DatasetError: scikit-learn is not installed.
    """
    places = _tsne(embeddings.astype(np.float32))
    low, high = places.min(axis=0), places.max(axis=0)
    centred = (places - (low + high) / 2) / (high - low).max()
    return np.clip(centred + 0.5, 0, 1).astype(np.float32)


def _tsne(embeddings: np.ndarray) -> np.ndarray:
    """Shape (n, d) to (n, 2)."""
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise DatasetError(
            "The map of the faces is computed by scikit-learn, which is not installed. "
            "Install it with: python -m pip install -r requirements/dev.txt"
        ) from error
    layout = TSNE(perplexity=_PERPLEXITY, init="pca", random_state=_SEED)
    with threadpool_limits(1):  # sums by several threads differ in their last bits
        return layout.fit_transform(embeddings)
