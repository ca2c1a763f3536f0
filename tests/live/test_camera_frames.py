from __future__ import annotations

import numpy as np
import pytest

from agemodel.core.errors import ImageError
from agemodel.images import encode_jpeg, encode_png
from agemodel.live import camera_frames
from agemodel.live.camera_frames import read_frame


def frame(width: int, height: int) -> bytes:
    return encode_jpeg(np.full((height, width, 3), 90, np.uint8), 80)


def test_a_frame_is_read() -> None:
    rgb = read_frame(frame(64, 48))
    assert rgb.shape == (48, 64, 3)
    assert abs(int(rgb.mean()) - 90) <= 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JPEG"),
        (b"hello", "no JPEG"),
        (b"\xff\xd8\xff", "frame"),
        (frame(64, 48)[:-60], "cut off"),
        (frame(16, 16), "16 x 16"),
        (frame(1001, 1000), "1,001 x 1,000"),
        (frame(64, 48) + bytes(camera_frames.MOST_BYTES), "too large"),
        (encode_png(np.zeros((48, 64, 3), np.uint8)), "no JPEG"),
    ],
    ids=[
        *("nothing", "text", "three bytes", "cut", "tiny", "large", "heavy", "PNG"),
    ],
)
def test_what_is_no_frame_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        read_frame(data)


def test_noise_after_a_good_start_is_refused_or_read() -> None:
    rng = np.random.default_rng(0)
    good = bytearray(frame(64, 48))
    for _ in range(300):
        damaged = bytearray(good)
        for place in rng.integers(3, len(good), 8):
            damaged[place] = rng.integers(256)
        try:
            assert read_frame(bytes(damaged)).shape[2] == 3
        except ImageError as error:
            assert str(error).startswith("The frame")
