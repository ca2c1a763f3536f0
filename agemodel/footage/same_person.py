"""Who has been here before, within one run: off unless it is asked for.

It compares templates of faces, which is more than counting: other law may apply to it.
They are kept in memory until the run ends, and nowhere else.

The embeddings are those of a network that tells ages, not people. In drawn footage nine
in ten returns were joined, of the same photographs; of 100 strangers some 3 in 100 have
one among the others that is as near (docs/footage.md).
"""

from __future__ import annotations

import numpy as np

from agemodel.footage.tracking import Track

_SAME = 0.03
"""Cosine distance up to which two faces are taken for one person's."""


class KnownPeople:
    """The people of a run so far."""

    def __init__(self) -> None:
        """Know nobody."""
        self._faces = np.empty((0, 0), np.float32)

    def is_known(self, track: Track) -> bool:
        """Whether a person was here before; from now on the person was.

        Who was never seen well, or has no embedding, is nobody's return.

        Args:
            track: of a visit that has ended.
        """
        face = track.embedding
        if face is None or not track.best_looks:
            return False
        if len(self._faces) and float((self._faces @ face).max()) >= 1 - _SAME:
            return True
        self._faces = np.vstack([self._faces.reshape(-1, len(face)), face])
        return False
