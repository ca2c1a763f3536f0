from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agemodel.core.labels import (
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


@given(st.floats(0, 120))
@example(2.99)
@example(3)
@example(19.99)
@example(20)
@example(69.99)
@example(70)
@settings(deadline=None, derandomize=True, database=None)
def test_every_age_is_in_the_group_that_its_name_says(age_years: float) -> None:
    assert AGE_GROUPS[age_group_index(age_years)] == group_by_name(age_years)


def test_ages_of_any_shape_keep_it() -> None:
    found = age_group_index(np.array([[1, 25], [70, 9]]))
    assert found.tolist() == [[0, 3], [8, 1]]


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
