from __future__ import annotations

import numpy as np
import pytest

from agemodel.explorer.ordering import (
    ORDERS,
    beside,
    duplicates_of,
    order,
    orders_of,
    page_count,
    page_of,
    place_of,
    row_of,
    similar,
    similarities,
)
from tests.harness.fakes import embedding_of_age
from tests.harness.made_tables import random_table, table

FACES = table(age=[30, 20, 40, 20, 50], age_years=[31, 29, 33, np.nan, 50])
ALL = np.ones(5, bool)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("name", [0, 1, 2, 3, 4]),
        ("youngest", [1, 3, 0, 2, 4]),
        ("oldest", [4, 2, 0, 1, 3]),
        ("error", [1, 2, 0, 4, 3]),  # 9, 7, 1, 0 years; unknown
        ("accurate", [4, 0, 2, 1, 3]),
        ("doubtful", [1, 2, 0, 4, 3]),
    ],
)
def test_faces_are_sorted_equal_ones_by_name_and_unknown_ones_last(
    by: str, expected: list[int]
) -> None:
    assert order(FACES, ALL, by).tolist() == expected


def test_uncertain_faces_are_those_with_wide_intervals() -> None:
    low = np.array([20, 10, 25], np.float32)
    faces = table(age=[30] * 3, age_years=[30.0] * 3, age_low=low, age_high=60 - low)
    assert order(faces, np.ones(3, bool), "unsure").tolist() == [1, 0, 2]
    assert order(faces, np.ones(3, bool), "sure").tolist() == [2, 0, 1]


def test_only_the_faces_of_the_mask_are_in_the_order() -> None:
    mask = np.array([True, False, True, False, True])
    assert order(FACES, mask, "oldest").tolist() == [4, 2, 0]
    assert order(FACES, ~ALL, "oldest").tolist() == []


def test_random_order_is_the_seeds_own_and_filters_do_not_shuffle_it() -> None:
    faces = random_table(500)
    everyone = np.ones(500, bool)
    first = order(faces, everyone, "random", seed=1)
    assert sorted(first) == list(range(500))
    assert first.tolist() == order(faces, everyone, "random", seed=1).tolist()
    assert first.tolist() != order(faces, everyone, "random", seed=2).tolist()
    men = (faces["gender"] == "male").to_numpy()
    expected = [row for row in first if men[row]]
    assert order(faces, men, "random", seed=1).tolist() == expected


def test_duplicates_lie_together_and_before_all_others() -> None:
    groups = np.array([-1, 3, 8, 3, 8, -1])
    faces = table(age=[30] * 6, duplicate_group=groups, exact_group=np.full(6, -1))
    everyone = np.ones(6, bool)
    assert order(faces, everyone, "together").tolist() == [2, 4, 1, 3, 0, 5]


def test_similar_order_follows_the_reference() -> None:
    reference = np.array([0.1, 1.0, np.nan, 0.5, 0.1], np.float32)
    assert order(FACES, ALL, "similar", reference=reference).tolist() == [1, 3, 0, 4, 2]


@pytest.mark.parametrize("by", ["similar", "error", "nonsense", ""])
def test_what_cannot_be_sorted_by_falls_back_on_the_name(by: str) -> None:
    assert order(table(age=[30, 20]), np.ones(2, bool), by).tolist() == [0, 1]


def test_every_order_that_is_offered_has_what_it_needs() -> None:
    assert orders_of(FACES) == [key for key in ORDERS if key != "together"]
    assert orders_of(random_table(9)) == list(ORDERS)
    assert orders_of(table(age=[30])) == [
        *("name", "youngest", "oldest", "similar", "random")
    ]


def test_pages_hold_every_row_once() -> None:
    rows = np.arange(10, 55)  # 45 rows
    assert page_count(rows, 20) == 3
    pages = [page_of(rows, number, 20) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [20, 20, 5]
    assert np.concatenate(pages).tolist() == rows.tolist()


@pytest.mark.parametrize(("number", "first"), [(0, 0), (-3, 0), (4, 40), (999, 40)])
def test_pages_out_of_range_are_the_first_or_last(number: int, first: int) -> None:
    assert page_of(np.arange(45), number, 20)[0] == first


def test_no_row_is_one_empty_page() -> None:
    assert page_count(np.arange(0), 20) == 1
    assert page_of(np.arange(0), 1, 20).tolist() == []


def test_next_and_previous_are_within_the_order() -> None:
    rows = np.array([7, 3, 9])
    assert [beside(rows, row) for row in (7, 3, 9, 4)] == [
        (None, 3),
        (7, 9),
        (3, None),
        (None, None),
    ]


def test_a_face_is_found_by_its_name_and_in_an_order() -> None:
    assert row_of(FACES, "0000003.jpg") == 3
    assert row_of(FACES, "0000003") is None
    assert place_of(np.array([7, 3, 9]), 9) == 2
    assert place_of(np.array([7, 3, 9]), 8) is None


def embeddings_of(*ages: float) -> np.ndarray:
    return np.stack([embedding_of_age(age) for age in ages]).astype(np.float32)


def test_similar_faces_are_the_nearest_by_angle_without_the_face_itself() -> None:
    embeddings = embeddings_of(30, 60, 31, 25, 30)
    embeddings[3] *= 0  # not known
    rows, cosines = similar(embeddings, 0, k=2)
    assert rows.tolist() == [4, 2]
    # An angle of 1 / 116 of a right angle: its cosine is 0.99991.
    assert cosines.tolist() == pytest.approx([1, 0.99991], abs=1e-3)
    rows, _ = similar(embeddings, 0, k=10)
    assert rows.tolist() == [4, 2, 1]


def test_face_without_an_embedding_is_like_no_other() -> None:
    embeddings = embeddings_of(30, 60)
    embeddings[0] = 0
    rows, cosines = similar(embeddings, 0)
    assert len(rows) == len(cosines) == 0
    assert np.isnan(similarities(embeddings, 0)).all()


def test_duplicates_are_the_others_of_the_group() -> None:
    faces = table(
        age=[30] * 5,
        duplicate_group=np.array([4, -1, 4, -1, 4]),
        exact_group=np.full(5, -1),
    )
    assert duplicates_of(faces, 2).tolist() == [0, 4]
    assert duplicates_of(faces, 1).tolist() == []
    assert duplicates_of(table(age=[30]), 0).tolist() == []
