from __future__ import annotations

import itertools

import numpy as np
import pytest

from agemodel.footage.assignment import cheapest_pairs
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.tracking import Track, Tracker
from tests.harness.made_footage import Box, look_at

SIZE = (1920, 1080)
ANNA, BERT = np.eye(64, dtype=np.float32)[:2]


def at(x: float, y: float = 100, side: int = 60) -> Box:
    return (round(x), round(y), side, side)


def follow(frames: list[list], per_s: float = 3.0, **settings: float) -> list[Track]:
    """All tracks of some frames: a list of (box, embedding) each."""
    tracker = Tracker(FootageSettings(**settings))
    ended = []
    for number, faces in enumerate(frames):
        time_s = number / per_s
        looks = [look_at(box, time_s, embedding=emb) for box, emb in faces]
        ended += tracker.update(time_s, looks, SIZE)
    return ended + tracker.close()


def test_a_walking_face_is_one_track() -> None:
    # 120 px a look at three a second: six of its sides a second, a quick walk
    (track,) = follow([[(at(120 * n), ANNA)] for n in range(8)])
    assert (track.looks, track.start_s) == (8, 0)
    assert track.end_s == pytest.approx(7 / 3)


def test_people_who_cross_keep_their_own_tracks() -> None:
    frames = [
        [(at(40 * n), ANNA), (at(400 - 40 * n, 110), BERT)][:: 1 if n % 2 else -1]
        for n in range(11)
    ]
    tracks = follow(frames)
    assert [track.looks for track in tracks] == [11, 11]
    ends = sorted(track.last.box_xyxy[0] for track in tracks)
    assert ends == [0, 400]
    for track in tracks:
        assert len({tuple(look.embedding) for look in track.best_looks}) == 1


def test_two_who_stand_side_by_side_are_told_by_place_alone() -> None:
    tracks = follow([[(at(100), None), (at(180), None)] for _ in range(5)])
    assert [track.looks for track in tracks] == [5, 5]


@pytest.mark.parametrize(("away", "count"), [(5, 1), (8, 2)])
def test_who_is_away_for_longer_than_the_gap_comes_anew(away: int, count: int) -> None:
    # hidden for 5 frames the next look is 6 thirds of a second later, 2.0 s
    still = [[(at(100), ANNA)]] * 4
    assert len(follow([*still, *[[]] * away, *still], gap_s=2.0)) == count


def test_who_leaves_by_the_edge_is_not_taken_for_who_comes_there() -> None:
    # alike as twins: one walks out to the left, another comes in half a second later
    out = [[(at(300 - 60 * n), ANNA)] for n in range(6)]
    back = [[(at(60 * n), ANNA)] for n in range(6)]
    assert len(follow([*out, [], *back])) == 2
    # who stops before the edge, and is not seen for a moment, is the same
    still = [[(at(90), ANNA)]] * 5
    assert len(follow([*out[:4], *still, [], *still])) == 1


def test_another_face_at_the_same_place_is_another_track() -> None:
    frames = [[(at(100), ANNA)]] * 4 + [[(at(105), -ANNA)]] * 4
    assert [track.looks for track in follow(frames)] == [4, 4]


def test_a_face_far_off_or_of_another_size_is_another_track() -> None:
    assert len(follow([[(at(0), ANNA)], [(at(600), ANNA)]])) == 2
    assert len(follow([[(at(100), ANNA)], [(at(70, 70, 140), ANNA)]])) == 2


def test_only_the_best_looks_are_kept() -> None:
    tracker = Tracker(FootageSettings(most_looks=3))
    for number in range(10):
        quality = look_at(at(0), 0).quality
        sharp = 0.01 * (number % 5 + 1)
        better = type(quality)(80, sharp, 128, 0, 0, False)
        tracker.update(number / 3, [look_at(at(0), number / 3, quality=better)], SIZE)
    (track,) = tracker.close()
    assert [look.quality.sharpness for look in track.best_looks] == [0.05, 0.05, 0.04]
    assert track.looks == 10


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 3), (4, 4), (6, 2)])
def test_pairs_are_the_cheapest_of_all(shape: tuple[int, int]) -> None:
    for seed in range(8):
        costs = np.random.default_rng(seed).random(shape)
        pairs = cheapest_pairs(costs)
        rows, columns = (list(side) for side in zip(*pairs, strict=True))
        assert len(set(rows)) == len(set(columns)) == min(shape)
        wide = costs if shape[0] <= shape[1] else costs.T
        least = min(
            sum(wide[row, col] for row, col in enumerate(order))
            for order in itertools.permutations(range(wide.shape[1]), wide.shape[0])
        )
        assert costs[rows, columns].sum() == pytest.approx(least)
