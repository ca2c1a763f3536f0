"""A clip for the fake camera of a Chromium: a head of a bundled portrait that sways."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2

from agemodel.images import encode_jpeg
from tests.harness.made_footage import head, made_background

SIZE = (640, 480)
FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
_FRAMES = 60
_SIDE = 300
_SWAY_PX = 12


def camera_flags(clip: Path) -> list[str]:
    """Flags by which a Chromium shows a clip, again and again, as its camera."""
    return [*FAKE, f"--use-file-for-fake-video-capture={clip}"]


def write_camera_clip(folder: Path, people: Sequence[str] = ("barack-obama",)) -> Path:
    """Write a clip (MJPEG) in which portraits sway; none shows an empty room."""
    path = folder / "camera.mjpeg"
    path.write_bytes(b"".join(camera_frames(people)))
    return path


def camera_frames(people: Sequence[str] = ("barack-obama",)) -> list[bytes]:
    """The frames of such a clip, a JPEG each, shape (480, 640, 3)."""
    room = made_background(SIZE)
    side = min(_SIDE, SIZE[0] // max(len(people), 1) - 2 * _SWAY_PX)
    heads = [cv2.resize(head(name), (side, side)) for name in people]
    frames = []
    for number in range(_FRAMES):
        rgb = room.copy()
        sway = round(_SWAY_PX * math.sin(2 * math.pi * number / _FRAMES))
        for place, one in enumerate(heads):
            middle = SIZE[0] * (2 * place + 1) // (2 * len(heads))
            left, top = middle - side // 2 + sway, (SIZE[1] - side) // 2
            rgb[top : top + side, left : left + side] = one
        frames.append(encode_jpeg(rgb, 90))
    return frames
