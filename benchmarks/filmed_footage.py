"""Following people in drawn footage whose visits are known, beside other followers.

All followers get the same looks, three a second. The seeds are held out: nothing was
chosen on them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import LookFinder
from agemodel.serving import Estimator
from benchmarks import other_followers
from benchmarks.speed_limits import at_least, at_most
from tests.harness.film import film
from tests.harness.filmed_following import (
    Filming,
    Followed,
    look_at_clip,
    measure_other,
    measure_ours,
)
from tests.harness.filmed_people import FilmedPerson, portrait_people, utkface_people
from tests.harness.filmed_scenes import FilmedScene, planned_scene
from tests.harness.measurements import Missing

PORTRAIT_SEEDS, UTKFACE_SEEDS = range(800, 808), range(900, 912)
PEOPLE = 40
SECONDS = 40.0
SETTINGS = FootageSettings()
MOST_COUNT_ERROR, LEAST_IDF1 = 0.05, 0.90

Filmed = list[tuple[FilmedScene, Filming]]


def run() -> dict[str, Any]:
    """Measure."""
    estimator = Estimator.load(workers=1)
    made = {
        "the bundled portraits": _filmed(
            estimator, PORTRAIT_SEEDS, lambda _: portrait_people()
        ),
        "UTKFace's test faces": _filmed(
            estimator, UTKFACE_SEEDS, lambda seed: utkface_people("test", seed, PEOPLE)
        ),
    }
    rows = [_row(people, filmed) for people, filmed in made.items()]
    limits = [limit for row in rows for limit in _limits(row)]
    return {"seconds": SECONDS, "rows": rows, "limits": limits, **_others(made)}


def _filmed(
    estimator: Estimator,
    seeds: Sequence[int],
    people_of: Callable[[int], list[FilmedPerson]],
) -> Filmed:
    finder, found = LookFinder(estimator, SETTINGS), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            people = people_of(seed)
            scene = planned_scene(seed, len(people), seconds=SECONDS)
            path = film(Path(folder) / f"{seed}.mp4", scene, people)
            filming = look_at_clip(path, finder, SETTINGS, estimator.calibration)
            found.append((scene, filming))
            path.unlink()
            print(f"filmed_footage: scene {seed} is measured.", file=sys.stderr)
    return found


def _row(people: str, filmed: Filmed) -> dict[str, Any]:
    measured = [measure_ours(scene, one, SETTINGS) for scene, one in filmed]
    return {"people": people, "scenes": len(filmed), **figures_of(measured)}


def figures_of(followed: Sequence[Followed]) -> dict[str, Any]:
    """Of several scenes: all their visits, and the mean IDF1."""
    visits = sum(one.visits for one in followed)
    counted = sum(one.counted for one in followed)
    return {
        "visits": visits,
        "counted": counted,
        "count_error": round(counted / visits - 1, 4),
        "idf1": round(float(np.mean([one.idf1 for one in followed])), 4),
    }


def _limits(row: dict[str, Any]) -> list[dict[str, Any]]:
    people, error = row["people"], abs(row["count_error"])
    return [
        at_most(f"count error, share, {people}", error, MOST_COUNT_ERROR),
        at_least(f"IDF1, {people}", row["idf1"], LEAST_IDF1),
    ]


def _others(made: dict[str, Filmed]) -> dict[str, Any]:
    """The best of `trackers` on the same looks, by IDF1; nothing without it."""
    try:
        followers = other_followers.other_followers(SETTINGS)
    except Missing as reason:
        print(f"filmed_footage: {reason}", file=sys.stderr)
        return {}
    best = []
    for people, filmed in made.items():
        found = [
            {
                "people": people,
                "follower": name,
                **figures_of(
                    [measure_other(s, one, SETTINGS, follow) for s, one in filmed]
                ),
            }
            for name, follow in followers.items()
        ]
        best.append(max(found, key=lambda row: row["idf1"]))
    return {
        "others": best,
        "others_tried": len(followers),
        "others_version": other_followers.version(),
    }
