"""Footage: ages of made visits, and speed by resolution.

Ages are measured on UTKFace's test faces, each shown several times as a camera might,
small, moved, lit and compressed otherwise.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from agemodel.footage.clip_files import find_clips
from agemodel.footage.clip_visits import read_visits
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look, LookFinder
from agemodel.footage.tracking import Track
from agemodel.footage.visit import visit_of
from agemodel.images import read_image
from agemodel.metrics.bootstrap import bootstrap_interval
from agemodel.serving import Estimator
from benchmarks.speed_limits import at_least
from tests.harness.imported_faces import imported_faces
from tests.harness.made_footage import PORTRAITS, write_faces

STEP = 16
"""One test face in this many is shown."""

LOOKS = 8
SETTINGS = FootageSettings(smallest_face_px=40)
SIZES = ((1280, 720), (1920, 1080))
SECONDS, FPS = 8, 25

LEAST_TIMES = {"1280 x 720": 2.0, "1920 x 1080": 1.0}
"""Real time on one core: half of what is asked of two."""


def run() -> dict[str, Any]:
    """Measure."""
    estimator = Estimator.load(workers=1)
    found = {
        "visits": measure_visits(estimator),
        "speed": [measure_speed(estimator, size) for size in SIZES],
    }
    return {**found, "limits": limits(found)}


def limits(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the speed."""
    return [
        at_least(
            f"times real time on one core, {row['size']}",
            row["times"],
            LEAST_TIMES[row["size"]],
        )
        for row in found["speed"]
    ]


# ---------------------------------------------------------------------- ages of visits


def measure_visits(estimator: Estimator) -> dict[str, Any]:
    """The age of a visit beside that of its first good look."""
    faces, folder = imported_faces("test", step=STEP)
    finder = LookFinder(estimator, SETTINGS)
    rows = []
    for number, (file, age) in enumerate(zip(faces["file"], faces["age"], strict=True)):
        chip = read_image(folder / str(file)).rgb
        looks = made_looks(chip, finder, np.random.default_rng(number))
        if good := [look for look in looks if look.is_good]:
            rows.append(_measured(good, float(age), estimator))
    columns = np.array(rows).T  # error and holds, of visits and of first looks
    names = ("mae_years", "held", "look_mae_years", "look_held")
    means = {n: round(float(c.mean()), 4) for n, c in zip(names, columns, strict=True)}
    held_95 = [round(end, 4) for end in bootstrap_interval(columns[1])]
    return {
        "faces": len(faces),
        "visits": len(rows),
        "looks": LOOKS,
        "held_95": held_95,
        **means,
    }


def _measured(good: list[Look], age: float, estimator: Estimator) -> tuple[float, ...]:
    found = []
    for looks in (good, good[:1]):
        track = Track(1, looks[0], SETTINGS.most_looks)
        for look in looks[1:]:
            track.take(look)
        visit = visit_of(track, "", estimator.calibration)
        assert visit.age_years is not None
        assert visit.age_low is not None and visit.age_high is not None
        found.append(abs(visit.age_years - age))
        found.append(float(visit.age_low <= age <= visit.age_high))
    return tuple(found)


def made_looks(
    chip: np.ndarray, finder: LookFinder, rng: np.random.Generator
) -> list[Look]:
    """Looks at one face in pictures that a camera might take of it."""
    side, quality = rng.uniform(90, 190), int(rng.integers(50, 90))
    light = rng.uniform(0.6, 1.3)
    looks = []
    for number in range(LOOKS):
        frame = np.full((320, 320, 3), rng.integers(60, 180), np.uint8)
        at = round(side * rng.uniform(0.9, 1.1))
        small = cv2.resize(chip, (at, at), interpolation=cv2.INTER_AREA)
        lit = np.clip(small * light * rng.uniform(0.9, 1.1), 0, 255).astype(np.uint8)
        x, y = rng.integers(0, 320 - at, 2)
        frame[y : y + at, x : x + at] = lit
        _, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))
        seen = finder(decoded, float(number))
        looks += sorted(seen, key=lambda look: -look.size_px)[:1]
    return looks


# ------------------------------------------------------------------------------- speed


def measure_speed(estimator: Estimator, size: tuple[int, int]) -> dict[str, Any]:
    """Processor time for a made clip in which three people are always in view."""
    finder = LookFinder(estimator, FootageSettings())
    with tempfile.TemporaryDirectory() as folder:
        path = write_faces(Path(folder) / "a.mp4", _walks(size), FPS, size)
        (clip,) = find_clips([path]).clips
        read_visits(clip, finder, FootageSettings(), estimator.calibration)
        began = time.process_time()
        found = read_visits(clip, finder, FootageSettings(), estimator.calibration)
        took = time.process_time() - began
    return {
        "size": f"{size[0]} x {size[1]}",
        "seconds": SECONDS,
        "looks": found.counts.looks,
        "cpu_s": round(took, 3),
        "times": round(SECONDS / took, 2),
    }


def _walks(size: tuple[int, int]) -> list[list[tuple[str, int, int, int]]]:
    (width, height), side = size, size[1] // 4
    lanes = list(enumerate(PORTRAITS))
    return [
        [
            (who, (4 * n + 300 * i) % (width - side), i * height // 3, side)
            for i, who in lanes
        ]
        for n in range(SECONDS * FPS)
    ]
