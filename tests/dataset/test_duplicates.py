from __future__ import annotations

import cv2
import numpy as np
import pytest

from agemodel.dataset.duplicates import (
    exact_pairs,
    first_of_each,
    groups_of,
    near_pairs,
    perceptual_hashes,
    pixel_digest,
    thumbnail,
)
from agemodel.images import encode_jpeg, read_image

SIDE_PX = 100


def likenesses(count: int, seed: int = 0) -> np.ndarray:
    """Pictures that have most in common, as aligned faces do; (n, 100, 100), uint8."""
    rng = np.random.default_rng(seed)
    common = _blobs(rng, 10)
    own = [_blobs(rng, 5) + 0.7 * _blobs(rng, 2) for _ in range(count)]
    return np.stack(
        [np.clip(128 + 40 * common + 25 * x, 0, 255).astype(np.uint8) for x in own]
    )


def _blobs(rng: np.random.Generator, size_px: float) -> np.ndarray:
    field = cv2.GaussianBlur(rng.normal(size=(SIDE_PX, SIDE_PX)), (0, 0), size_px)
    return (field - field.mean()) / field.std()


def thumbnails(pictures: list[np.ndarray]) -> np.ndarray:
    return np.stack([thumbnail(picture) for picture in pictures])


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    rgb = np.repeat(picture[:, :, None], 3, axis=2)
    return read_image(encode_jpeg(rgb, quality)).rgb[:, :, 0]


def cut(picture: np.ndarray) -> np.ndarray:
    """A little off its edges, as when the photo was aligned once more."""
    return cv2.resize(picture[1:-1, 1:-1], (SIDE_PX, SIDE_PX))


@pytest.mark.parametrize(
    "copy",
    [
        lambda picture: picture,
        lambda picture: as_jpeg(picture, 20),
        lambda picture: cv2.resize(picture, (60, 60)),
        lambda picture: (picture * 0.6 + 80).astype(np.uint8),
        lambda picture: picture[:, ::-1],
        lambda picture: as_jpeg(picture[:, ::-1], 20),
        cut,
    ],
    ids=["same", "jpeg", "smaller", "paler", "mirrored", "mirrored jpeg", "cut"],
)
def test_copy_is_found_among_pictures_with_much_in_common(copy) -> None:
    pictures = list(likenesses(60))
    pictures.append(copy(pictures[7]))
    assert near_pairs(thumbnails(pictures)).tolist() == [[7, 60]]


def test_pictures_with_much_in_common_are_no_copies() -> None:
    greys = thumbnails(list(likenesses(300)))
    flat = greys.reshape(300, -1).astype(float)
    assert np.corrcoef(flat).min() > 0.3  # alike as a whole, all of them
    assert near_pairs(greys).shape == (0, 2)


def test_copies_are_found_however_far_apart_they_lie() -> None:
    # More than one block of 512 rows, with pairs within a block and across two.
    pictures = list(likenesses(700))
    for one, other in ((0, 699), (511, 512), (3, 5), (600, 690)):
        pictures[other] = as_jpeg(pictures[one], 60)
    expected = [[0, 699], [3, 5], [511, 512], [600, 690]]
    assert near_pairs(thumbnails(pictures)).tolist() == expected


def test_pictures_that_show_nothing_are_no_near_copies() -> None:
    flat = np.stack([np.full((32, 32), shade, np.uint8) for shade in (0, 90, 90, 255)])
    assert near_pairs(flat).shape == (0, 2)


def test_hash_of_a_mirror_image_is_told_beforehand() -> None:
    pictures = likenesses(20)
    greys = thumbnails([*pictures, *pictures[:, :, ::-1]])
    hashes, mirrored = perceptual_hashes(greys)
    assert hashes.dtype == np.uint64
    assert mirrored[:20].tolist() == hashes[20:].tolist()
    assert (hashes[:20] != hashes[20:]).all()


def test_digest_tells_pixels_and_shape() -> None:
    picture = likenesses(1)[0]
    other = picture.copy()
    other[50, 50] ^= 1
    digests = [
        pixel_digest(array)
        for array in (picture, other, picture.reshape(50, 200), picture.copy())
    ]
    assert exact_pairs(digests).tolist() == [[0, 3]]


def test_three_of_a_kind_are_two_pairs_with_the_first() -> None:
    assert exact_pairs([b"a", b"b", b"a", b"c", b"a"]).tolist() == [[0, 2], [0, 4]]
    assert exact_pairs([b"a", b"b"]).shape == (0, 2)


def test_pairs_chain_to_groups_numbered_by_their_first_pictures() -> None:
    pairs = np.array([[4, 6], [1, 2], [5, 6], [7, 3]])
    # 3 with 7; 4, 5 and 6 by way of 6; 0 and 8 alone
    expected = [-1, 0, 0, 1, 2, 2, 2, 1, -1]
    assert groups_of(pairs, 9).tolist() == expected


def test_no_pairs_make_no_groups() -> None:
    assert groups_of(np.empty((0, 2), np.int64), 3).tolist() == [-1, -1, -1]


def test_one_of_each_group_is_kept() -> None:
    groups = np.array([-1, 0, 1, 0, -1, 1, 1])
    kept = [True, True, True, False, True, False, False]
    assert first_of_each(groups).tolist() == kept
    assert first_of_each(np.array([0, 0])).tolist() == [True, False]
