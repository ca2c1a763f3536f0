"""Visits in footage whose people are known: drawn scenes with the bundled portraits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.looks import LookFinder
from agemodel.serving import Estimator
from tests.harness.film import film
from tests.harness.filmed_following import (
    idf1_of_boxes,
    look_at_clip,
    measure_ours,
)
from tests.harness.filmed_people import portrait_people
from tests.harness.filmed_scenes import Box, Seen, planned_scene

HELD_OUT = (700, 701, 702)
"""Nothing was chosen on these."""

ANNA, BERT = (0.0, 0.0, 80.0, 80.0), (200.0, 0.0, 280.0, 80.0)


def test_visits_of_filmed_people_are_counted_and_kept_apart(tmp_path: Path) -> None:
    people, settings = portrait_people(), FootageSettings()
    estimator = Estimator.load(workers=1)
    finder = LookFinder(estimator, settings)
    found = []
    for seed in HELD_OUT:
        scene = planned_scene(seed, len(people), rates=(5.0, 8.0, 12.5))
        path = film(tmp_path / f"{seed}.mp4", scene, people)
        filming = look_at_clip(path, finder, settings, estimator.calibration)
        found.append(measure_ours(scene, filming, settings))
    visits = sum(one.visits for one in found)
    assert visits > 20
    assert sum(one.counted for one in found) == pytest.approx(visits, rel=0.05)
    assert np.mean([one.idf1 for one in found]) >= 0.90


def test_a_scene_holds_what_happens_in_a_shop() -> None:
    scenes = [planned_scene(seed, 20, seconds=60) for seed in range(12)]
    stays = [(scene, stay) for scene in scenes for stay in scene.stays]
    assert len({scene.fps for scene in scenes}) >= 4
    assert any(len(scene.frames_of) > 1 for scene in scenes)
    assert any(stay.x_from == stay.x_to for _, stay in stays)  # returns whence it came
    assert any(stay.pause_s[0] < stay.pause_s[1] for _, stay in stays)
    assert any(stay.away_s[0] < stay.away_s[1] for _, stay in stays)
    sizes = [stay.side_px for _, stay in stays]
    assert min(sizes) < 50 and max(sizes) > 150
    for scene in scenes:
        for person in {stay.person for stay in scene.stays}:
            own = [stay for stay in scene.stays if stay.person == person]
            ends = [stay.end_s for stay in own[:-1]]
            starts = [stay.start_s for stay in own[1:]]
            assert all(e < s for e, s in zip(ends, starts, strict=True))


def test_who_is_behind_the_pillar_or_turned_away_is_not_seen() -> None:
    scene = planned_scene(0, 20, seconds=60)
    kinds: dict[Seen, list[tuple[Box, float]]] = {kind: [] for kind in Seen}
    for time_s in np.arange(0, 60, 0.25):
        for number, (box, seen) in scene.truth_at(float(time_s)).items():
            turned = scene.stays[number].squeeze(float(time_s))
            kinds[seen].append((box, turned))
    assert all(kinds.values())
    left, right = scene.pillar
    for box, turned in kinds[Seen.YES]:
        middle = (box[0] + box[2]) / 2
        assert not left < middle < right
        assert 0 < middle < scene.size[0]
        assert turned > 0.9
    behind = [box for box, _ in kinds[Seen.NO] if left < box[0] and box[2] < right]
    assert behind


def test_idf1_of_boxes_counts_wrong_tracks_missed_and_needless_boxes() -> None:
    both = {1: (ANNA, True), 2: (BERT, True)}
    right = [(7, ANNA), (8, BERT)]
    assert idf1_of_boxes([both] * 3, [right] * 3) == 1
    # of six faces and six boxes the two of the last frame are in each other's track
    swapped = [(8, ANNA), (7, BERT)]
    assert idf1_of_boxes([both] * 3, [right, right, swapped]) == pytest.approx(8 / 12)
    # a box where nobody is: four right of four faces and five boxes
    needless = [*right, (9, (500.0, 0.0, 580.0, 80.0))]
    assert idf1_of_boxes([both] * 2, [right, needless]) == pytest.approx(8 / 9)
    # who need not be found makes no difference, found or not
    perhaps = {1: (ANNA, True), 2: (BERT, False)}
    assert idf1_of_boxes([perhaps] * 2, [right, right[:1]]) == 1
    assert idf1_of_boxes([both], [[]]) == 0
