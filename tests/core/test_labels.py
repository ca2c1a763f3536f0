from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agemodel.core.labels import (
    AGE_GROUP_STARTS,
    AGE_GROUPS,
    AGES,
    GENDERS,
    RACES,
    age_group_index,
    group_probabilities,
)


def group_by_name(age_years: float) -> str:
    """The group whose name, '3-9' or '70+', holds an age; a plain reading of it."""
    for name in AGE_GROUPS:
        first, _, last = name.rstrip("+").partition("-")
        if int(first) <= age_years < int(last or 200) + 1:
            return name
    raise AssertionError(age_years)


@pytest.mark.parametrize(
    ("age_years", "group"),
    [
        (0, "0-2"),
        (1, "0-2"),
        (2.99, "0-2"),
        (3, "3-9"),
        (9.99, "3-9"),
        (10, "10-19"),
        (19.99, "10-19"),
        (20, "20-29"),
        (59.99, "50-59"),
        (60, "60-69"),
        (69.99, "60-69"),
        (70, "70+"),
        (116, "70+"),
    ],
)
def test_an_age_belongs_to_the_group_of_its_completed_years(
    age_years: float, group: str
) -> None:
    assert AGE_GROUPS[age_group_index(age_years)] == group


@given(st.floats(0, 120))
@settings(deadline=None, derandomize=True, database=None)
def test_every_age_is_in_the_group_that_its_name_says(age_years: float) -> None:
    assert AGE_GROUPS[age_group_index(age_years)] == group_by_name(age_years)


def test_ages_of_any_shape_keep_it() -> None:
    found = age_group_index(np.array([[1, 25], [70, 9]]))
    assert found.tolist() == [[0, 3], [8, 1]]


def test_names_fit_their_starts_without_gap_or_overlap() -> None:
    assert [int(name.rstrip("+").split("-")[0]) for name in AGE_GROUPS] == list(
        AGE_GROUP_STARTS
    )
    ends = [int(name.split("-")[1]) for name in AGE_GROUPS[:-1]]
    assert [end + 1 for end in ends] == list(AGE_GROUP_STARTS[1:])


def test_model_ages_run_from_1_to_116() -> None:
    assert AGES.shape == (116,)
    assert (AGES[0], AGES[-1]) == (1, 116)


def test_labels_are_in_the_order_of_the_dataset() -> None:
    # UTKFace's own list: gender 0 male, 1 female; race 0 White to 4 others.
    assert GENDERS == ("male", "female")
    assert RACES == ("White", "Black", "Asian", "Indian", "Other")


def test_group_probabilities_are_the_sums_over_their_ages() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(len(AGES)), size=(2, 3))
    expected = np.zeros((2, 3, len(AGE_GROUPS)))
    for index in np.ndindex(2, 3):
        for age, probability in zip(AGES, rows[index], strict=True):
            group = AGE_GROUPS.index(group_by_name(age))
            expected[index][group] += probability
    found = group_probabilities(rows)
    assert found.shape == (2, 3, 9)
    assert found == pytest.approx(expected)
    assert found.sum(-1) == pytest.approx(np.ones((2, 3)))


@pytest.mark.parametrize("age", [1, 2, 3, 9, 10, 69, 70, 116])
def test_a_sure_age_is_a_sure_group(age: int) -> None:
    sure = (age == AGES).astype(float)
    assert group_probabilities(sure).argmax() == age_group_index(age)
    assert group_probabilities(sure).max() == 1
