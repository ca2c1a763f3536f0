"""Draws a planned scene into a clip, as a camera of a shop might have recorded it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tests.harness.filmed_people import FilmedPerson
from tests.harness.filmed_scenes import BACK, CLOTHES_OVAL, FilmedScene, Stay
from tests.harness.made_footage import Writer, made_background, with_durations

_MOST_SHEAR = 0.12
_LIGHT = 0.1


def film(path: Path, scene: FilmedScene, people: Sequence[FilmedPerson]) -> Path:
    """Write a scene into an MP4, with as many people as it was planned for."""
    background = made_background(scene.size, scene.seed)
    light = _Light(scene)
    with Writer(path, scene.size, scene.fps) as writer:
        for time_s in scene.times_s:
            rgb = background.copy()
            for number in scene.present(time_s):
                stay = scene.stays[number]
                _draw(rgb, stay, people[stay.person], time_s)
            left, right = (round(x) for x in scene.pillar)
            rgb[:, left:right] = background[:, left:right] // 3 + 90
            lit = light.on(rgb, time_s)
            writer.write(_compressed(lit, scene.jpeg_quality))
    if len(scene.frames_of) > 1:
        path.write_bytes(with_durations(path.read_bytes(), scene.frames_of))
    return path


class _Light:
    """Slowly changing light, and a lamp that goes on or off once."""

    def __init__(self, scene: FilmedScene) -> None:
        rng = np.random.default_rng(scene.seed + 1)
        self._phase, self._period_s = rng.uniform(0, 6), rng.uniform(8, 30)
        self._step_s = rng.uniform(0, scene.times_s[-1])
        self._step = rng.choice([0.65, 1.1])

    def on(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        swing = np.sin(self._phase + 2 * np.pi * time_s / self._period_s)
        gain = 1 + _LIGHT * swing
        gain *= self._step if time_s > self._step_s else 1.0
        return cv2.convertScaleAbs(rgb, alpha=float(gain))


def _draw(rgb: np.ndarray, stay: Stay, person: FilmedPerson, time_s: float) -> None:
    x, y, face = stay.place(time_s)
    side = max(8, round(face / person.face))
    _draw_clothes(rgb, stay.person, x, y, face)
    turned = stay.squeeze(time_s)
    shear = _MOST_SHEAR * np.sin(time_s * 1.3 + stay.start_s)
    if turned < BACK:
        picture, cover = person.back(side)
    else:
        picture, cover = person.picture(side, stay.mirrored, shear, turned)
    _blend(rgb, picture, cover, round(x - side / 2), round(y - side / 2))


def _draw_clothes(
    rgb: np.ndarray, number: int, x: float, y: float, face: float
) -> None:
    colour = np.random.default_rng(number).integers(40, 200, 3).tolist()
    down, half_width, half_height = CLOTHES_OVAL
    middle = (round(x), round(y + face * down))
    axes = (round(face * half_width), round(face * half_height))
    cv2.ellipse(rgb, middle, axes, 0, 0, 360, colour, -1)


def _blend(
    rgb: np.ndarray, picture: np.ndarray, cover: np.ndarray, left: int, top: int
) -> None:
    """Draw a picture where it covers, as far as it is in the frame."""
    height, width = rgb.shape[:2]
    rows = slice(max(top, 0), min(top + len(picture), height))
    columns = slice(max(left, 0), min(left + len(picture), width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    inner = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    share = cover[inner]
    rgb[rows, columns] = cv2.blendLinear(
        np.ascontiguousarray(picture[inner]),
        np.ascontiguousarray(rgb[rows, columns]),
        share,
        1 - share,
    )


def _compressed(rgb: np.ndarray, quality: int | None) -> np.ndarray:
    if quality is None:
        return rgb
    _, jpeg = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
