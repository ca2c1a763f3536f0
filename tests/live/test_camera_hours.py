"""A camera that is watched for hours leaves no more in memory than its day's visits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from agemodel.footage.footage_settings import FootageSettings
from tests.harness.made_hours import MadeHours

A_FEW = 20
"""More frames, looks and faces than are at work at any one time."""

MOST_GROWTH_MB = 25.0
"""In two hours; if each of their frames were kept it would be 200."""


def test_a_night_is_watched_without_keeping_frames_looks_or_the_day_before(
    tmp_path: Path,
) -> None:
    settings = FootageSettings(looks_per_s=0.5, smallest_face_px=30, least_count=1)
    start = datetime(2026, 11, 27, 22)
    hours = MadeHours(0.5, 4 * 3600, start).watch(tmp_path, settings)
    for held in hours.objects:
        for kind in ("Frame", "Look", "Track", "Followed", "CameraReader"):
            assert held[kind] <= A_FEW, kind
    # three come every 40 seconds: 270 an hour, and at midnight the day's are let go
    visits = [held["Visit"] for held in hours.objects]
    assert 250 <= visits[0] <= 280
    assert visits[2] <= visits[0] + 10 and visits[3] < 2 * visits[0] + 10
    assert hours.memory_mb[3] - hours.memory_mb[1] < MOST_GROWTH_MB
    assert len(list(tmp_path.iterdir())) == 2
