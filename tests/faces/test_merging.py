from __future__ import annotations

import numpy as np
import pytest

from agemodel.faces import CropSquare, Detection
from agemodel.faces.merging import Candidate, merge_faces, surest_candidates
from tests.harness.made_faces import detection


def test_merged_boxes_and_landmarks_are_averaged_by_score() -> None:
    sure, doubtful = detection((0, 0, 10, 10), 0.8), detection((1, 0, 13, 12), 0.4)
    (merged,) = merge_faces([doubtful, sure])
    # weights 2/3 and 1/3: (0 + 1) / 3, 0, (20 + 13) / 3, (20 + 12) / 3
    assert merged.box_xyxy == pytest.approx((1 / 3, 0, 11, 32 / 3))
    expected = (2 * sure.landmarks_xy + doubtful.landmarks_xy) / 3
    assert merged.landmarks_xy == pytest.approx(expected, abs=1e-4)
    assert merged.landmarks_xy.dtype == np.float32
    assert merged.score == 0.8  # the surest one's


def test_what_overlaps_little_stays_apart_the_surest_first() -> None:
    # Boxes of 10 px, shifted by s, share (10 - s) / (10 + s): at 5 px 1/3, one face;
    # at 6 px 1/4, two.
    near = [detection((0, 0, 10, 10), 0.5), detection((5, 0, 15, 10), 0.6)]
    assert len(merge_faces(near)) == 1
    far = [detection((0, 0, 10, 10), 0.5), detection((0, 6, 10, 16), 0.6)]
    assert [face.score for face in merge_faces(far)] == [0.6, 0.5]
    assert merge_faces([]) == []


def test_merging_does_not_chain() -> None:
    # Each overlaps its neighbour by a third, the outer two share nothing.
    row = [detection((x, 0, x + 10, 10), s) for x, s in ((0, 0.9), (5, 0.7), (10, 0.8))]
    assert sorted(face.score for face in merge_faces(row)) == [0.8, 0.9]


def test_face_inside_a_surer_one_is_a_part_of_it() -> None:
    whole = detection((0, 0, 100, 100), 0.9)
    mouth = detection((30, 60, 60, 90), 0.8)
    assert [face.score for face in merge_faces([mouth, whole])] == [0.9]
    # beside it, with 0.5 of its own area shared, it is a face of its own
    beside = detection((85, 60, 115, 90), 0.8)
    assert [face.score for face in merge_faces([beside, whole])] == [0.9, 0.8]


def test_of_candidates_at_one_place_the_surest_is_kept() -> None:
    one, surer, other = (
        Candidate(CropSquare((x, 50.0), side), score)
        for x, side, score in ((50.0, 80.0, 0.5), (52.0, 60.0, 0.7), (200.0, 60.0, 0.6))
    )
    assert surest_candidates([one, surer, other]) == [surer, other]


def test_box_without_an_area_is_merged_with_nothing_and_for_ever_with_itself() -> None:
    # as networks give now and then for a crowd of tiny faces
    landmarks = np.zeros((6, 2), np.float32)
    flat = Detection((10.0, 10.0, 10.0, 20.0), 0.9, landmarks)
    turned = Detection((20.0, 20.0, 10.0, 10.0), 0.8, landmarks)
    face = Detection((0.0, 0.0, 50.0, 50.0), 0.7, landmarks)
    assert [m.box_xyxy for m in merge_faces([face, flat, turned])] == [
        flat.box_xyxy,
        turned.box_xyxy,
        face.box_xyxy,
    ]
