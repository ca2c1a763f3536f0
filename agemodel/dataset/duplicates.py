"""Pictures that are in the dataset more than once, as they are or a little changed.

Exact copies have the same pixels. Near copies are the same photo encoded, scaled, cut
or coloured anew, or mirrored; they are looked for in two steps. A perceptual hash
(after C. Zauner, 'Implementation and Benchmarking of Perceptual Image Hash Functions',
2010) names candidates. Its bits compare each low frequency with the median over all
pictures, not with the picture's own median: aligned faces have most of their
frequencies in common, so that by the usual rule 112,000 pairs of UTKFace are within 10
bits, by this one 3,600. Then the fine detail of a pair, what a slight blur takes away,
must correlate.

Seen on UTKFace, by eye on contact sheets, of the near pairs that are not exact: of all
177 with a correlation between `MIN_CORRELATION` and 0.95 and of 80 above it, 255 were
plainly of one photo and two in doubt (one person, or two photos of a moment). Of 68
pairs a little below the limit, under half were: those copies are missed. A search
without hashes through all 281 million pairs finds five more beyond `MAX_DISTANCE`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

THUMBNAIL_PX = 32
MAX_DISTANCE = 16
"""Bits in which the hashes of near copies may differ."""
MIN_CORRELATION = 0.8
"""Of the detail of near copies."""

_DETAIL_BLUR_PX = 1.5
_HASH_SIDE = 8
_BLOCK = 512


def pixel_digest(rgb: np.ndarray) -> bytes:
    """Equal for pictures of the same size and pixels, and for no others."""
    digest = hashlib.blake2b(str(rgb.shape).encode(), digest_size=16)
    digest.update(rgb.tobytes())
    return digest.digest()


def thumbnail(rgb: np.ndarray) -> np.ndarray:
    """A picture scaled to shape (32, 32, 3), uint8, whatever its proportions."""
    size = (THUMBNAIL_PX, THUMBNAIL_PX)
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def exact_pairs(digests: Sequence[bytes]) -> np.ndarray:
    """Pairs of equal digests, shape (m, 2): the first of its kind, then a later one."""
    first: dict[bytes, int] = {}
    pairs = [
        (first[digest], row)
        for row, digest in enumerate(digests)
        if first.setdefault(digest, row) != row
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def perceptual_hashes(greys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hash pictures, to be compared by the bits in which two hashes differ.

    Args:
        greys: shape (n, 32, 32), 0..255. What a bit means depends on all of them.

    Returns:
        The hashes of the pictures and of their mirror images, shape (n,), uint64.
    """
    waves = _cosines(greys.shape[1])  # (8, 32)
    low = waves @ greys.astype(np.float32) @ waves.T  # (n, 8, 8)
    medians = np.median(low, axis=0)
    mirror = np.where(np.arange(_HASH_SIDE) % 2, -1, 1)  # the odd waves change sign
    return _pack(low > medians), _pack(low * mirror > medians)


def near_pairs(greys: np.ndarray) -> np.ndarray:
    """Find near copies; exact ones are among them, unless they show nothing at all.

    Args:
        greys: shape (n, 32, 32), 0..255.

    Returns:
        Pairs of rows, shape (m, 2), each with the lower row first.
    """
    hashes, mirrored = perceptual_hashes(greys)
    details = _details(greys)
    found = [
        *_similar(hashes, hashes, details, details),
        *_similar(hashes, mirrored, details, details[:, :, ::-1]),
    ]
    return np.unique(np.concatenate(found), axis=0)


def groups_of(pairs: np.ndarray, count: int) -> np.ndarray:
    """Number the groups that pairs chain together.

    Args:
        pairs: shape (m, 2), of rows below `count`.
        count: how many pictures there are.

    Returns:
        Shape (count,), int32: -1 where a picture is in no pair, else its group, from 0
        in the order of the groups' first pictures.
    """
    parent = np.arange(count)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parent[high] = low  # so the root of a group is its first picture
    roots = np.array([root(row) for row in range(count)], np.int64)
    groups = np.full(count, -1, np.int32)
    paired = np.unique(pairs)
    groups[paired] = np.unique(roots[paired], return_inverse=True)[1]
    return groups


def first_of_each(groups: np.ndarray) -> np.ndarray:
    """Which pictures to keep so that none is there twice: a mask, shape (n,), bool."""
    _, first = np.unique(groups, return_index=True)
    kept = groups < 0
    kept[first] = True
    return kept


def _cosines(size: int) -> np.ndarray:
    """The lowest waves of the discrete cosine transform (DCT-II), shape (8, size)."""
    places = (np.arange(size) + 0.5) / size
    return np.cos(np.pi * np.arange(_HASH_SIDE)[:, None] * places).astype(np.float32)


def _pack(bits: np.ndarray) -> np.ndarray:
    """Shape (n, 8, 8), bool, to (n,), uint64."""
    packed = np.packbits(bits.reshape(len(bits), -1), axis=1)
    return packed.view(">u8").ravel().astype(np.uint64)


def _details(greys: np.ndarray) -> np.ndarray:
    """What a blur takes away, each of mean 0 and length 1 (or all 0): (n, 32, 32)."""
    details = np.empty(greys.shape, np.float32)
    for row, grey in enumerate(greys.astype(np.float32)):
        detail = grey - cv2.GaussianBlur(grey, (0, 0), _DETAIL_BLUR_PX)
        detail -= detail.mean()
        details[row] = detail / max(float(np.linalg.norm(detail)), 1.0)
    return details


def _similar(
    hashes: np.ndarray,
    other_hashes: np.ndarray,
    details: np.ndarray,
    other_details: np.ndarray,
) -> Iterator[np.ndarray]:
    """Pairs (i, j), i < j, of picture i and the other version of j that are alike."""
    for start in range(0, len(hashes), _BLOCK):
        block = hashes[start : start + _BLOCK, None]
        distances = np.bitwise_count(block ^ other_hashes[None, start:])
        i, j = np.nonzero(distances <= MAX_DISTANCE)
        i, j = i[i < j] + start, j[i < j] + start
        correlation = np.einsum("nyx,nyx->n", details[i], other_details[j])
        alike = correlation >= MIN_CORRELATION
        yield np.stack([i[alike], j[alike]], axis=1)
