"""Other ways to follow: those of the package `trackers`, where it is installed.

It is for measuring alone and no requirement (Apache-2.0)::

    pip install --no-deps trackers supervision pydeprecate
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import Look
from tests.harness.filmed_following import Follow
from tests.harness.measurements import Missing

KINDS = {
    "SORT": ("SORTTracker", "minimum_iou_threshold"),
    "ByteTrack": ("ByteTrackTracker", "minimum_iou_threshold"),
    "OC-SORT": ("OCSORTTracker", "minimum_iou_threshold"),
    "C-BIoU": ("CBIoUTracker", "minimum_iou_threshold_first_assoc"),
}
OVERLAPS = (0.01, 0.1, 0.3)
_USUAL_RATE = 30.0
"""Frames a second that their `lost_track_buffer` is counted in."""

_SURE, _UNSURE = 0.95, 0.75
"""Scores given to looks; both are high enough to begin a track."""


def other_followers(settings: FootageSettings) -> dict[str, Follow]:
    """Each of their trackers with several least overlaps, by name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import trackers
    except ImportError as error:
        raise Missing(f"trackers cannot be imported: {error}.") from error
    found = {}
    for (name, (kind, option)), least in itertools.product(KINDS.items(), OVERLAPS):
        options = {
            option: least,
            "frame_rate": settings.looks_per_s,
            "lost_track_buffer": round(settings.gap_s * _USUAL_RATE),
            "minimum_consecutive_frames": 1,
        }
        make = _making(getattr(trackers, kind), options)
        found[f"{name}, overlap {least:g}"] = _follow_with(make)
    return found


def version() -> str:
    """Of the package."""
    return metadata.version("trackers")


def _making(kind: Callable[..., Any], options: dict[str, Any]) -> Callable[[], Any]:
    def make() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return kind(**options)

    return make


def _follow_with(make: Callable[[], Any]) -> Follow:
    def follow(looks: Sequence[list[Look]]) -> list[list[int]]:
        tracker = make()
        return [_numbers(tracker, frame) for frame in looks]

    return follow


def _numbers(tracker: Any, looks: list[Look]) -> list[int]:
    import supervision

    boxes = np.array([look.box_xyxy for look in looks], np.float32).reshape(-1, 4)
    scores = np.array([_SURE if look.is_sure else _UNSURE for look in looks])
    seen = supervision.Detections(
        xyxy=boxes, confidence=scores, data={"row": np.arange(len(looks))}
    )
    followed = tracker.update(seen)
    numbers = [-1] * len(looks)
    for row, number in zip(
        followed.data.get("row", ()), followed.tracker_id, strict=True
    ):
        numbers[int(row)] = int(number)
    return numbers
