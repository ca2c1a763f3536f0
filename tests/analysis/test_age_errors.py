from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.age_errors import (
    count_ages,
    cumulative_in_words,
    cumulative_scores,
    density_in_words,
    faces_beyond,
    faces_in_cells,
    faces_of_ages,
    running_errors,
    running_in_words,
)
from agemodel.core.labels import AGES
from tests.harness.made_tables import everything, table


def made(ages: list[int], errors: list[float]) -> pd.DataFrame:
    return table(age=ages, age_years=[a + e for a, e in zip(ages, errors, strict=True)])


# ------------------------------------------------------------------------------ density


def test_cells_are_three_years_wide_and_centred_on_a_whole_age() -> None:
    # The first cells are 0.5 to 3.5 and 3.5 to 6.5, so ages 1 to 3 and 4 to 6.
    faces = made([1, 3, 4, 30], [0.0, 0.4, -0.6, 3.0])  # estimates 1, 3.4, 3.4, 33
    cells = count_ages(faces, everything(faces))
    assert cells.index.tolist() == cells.columns.tolist() == list(range(2, 117, 3))
    assert cells.loc[2, 2] == 2
    assert cells.loc[2, 5] == 1  # labelled 4, estimated 3.4
    assert cells.loc[32, 29] == 1  # labelled 30 is in 28.5 to 31.5, 33 in 31.5 to 34.5
    assert cells.to_numpy().sum() == 4


def test_estimates_beyond_the_cells_are_in_the_outermost_ones() -> None:
    faces = made([5, 116], [-12.0, 30.0])
    cells = count_ages(faces, everything(faces))
    assert cells.loc[2, 5] == 1
    assert cells.loc[116, 116] == 1
    assert faces_in_cells(faces, everything(faces), (116, 116), (116, 116)) == [1]


def test_rectangle_of_cells_gives_its_faces_the_worst_first() -> None:
    faces = made([20, 20, 21, 40], [0.0, 3.0, 1.0, 0.0])
    rows = np.array([True, True, True, True])
    # Labelled 18.5 to 21.5, estimated 18.5 to 24.5: all but the last.
    assert faces_in_cells(faces, rows, (20, 20), (20, 23)).tolist() == [1, 2, 0]
    rows[1] = False
    assert faces_in_cells(faces, rows, (20, 20), (20, 23)).tolist() == [2, 0]


def test_density_in_words_counts_what_is_too_old_and_too_young() -> None:
    faces = made([20] * 5, [-1.0, -2.0, 3.0, 0.0, 4.0])
    # Sizes 0, 1, 2, 3, 4: the median is 2, the 90th percentile 3.6.
    assert density_in_words(faces, everything(faces)) == (
        "Half of the estimates lie within 2.0 years of the label, nine in ten within "
        "3.6; 40.0\u00a0% are too old, 40.0\u00a0% too young."
    )


# ------------------------------------------------------------------------------ running


def test_running_errors_take_two_years_on_either_side() -> None:
    ages = [28] * 10 + [30] * 20 + [31] * 5 + [33] * 10
    errors = [-1.0] * 10 + [0.0] * 20 + [2.0] * 5 + [9.0] * 10
    faces = made(ages, errors)
    running = running_errors(faces, everything(faces))
    assert running.index.tolist() == AGES.tolist()
    # At 30: those of 28, 30 and 31, 35 faces; the mean is (-10 + 0 + 10) / 35.
    at_30 = running.loc[30]
    assert at_30["n"] == 35
    assert at_30["median"] == 0
    assert at_30["mean"] == pytest.approx(0)
    assert (at_30["low"], at_30["high"]) == (-1, 2)
    # At 26: only those of 28, 10 faces, of which nothing is said.
    assert running["n"].loc[26] == 10
    assert math.isnan(running["median"].loc[26])


def test_running_errors_in_words_name_the_extremes() -> None:
    faces = made([10] * 30 + [50] * 30, [2.0] * 30 + [-3.0] * 15 + [5.0] * 15)
    words = running_in_words(running_errors(faces, everything(faces)), 1.5)
    # At 8 to 12 all errors are 2; at 48 to 52 half are -3 and half are 5, so the median
    # is 1 and they spread from -3 to 5.
    assert "bias) is +1.50 years" in words
    assert "highest at 8 (+2.0 years) and lowest at 48 (+1.0)" in words
    assert "spread most at 48: eight in ten from -3.0 to +5.0" in words


def test_running_errors_of_few_faces_say_so() -> None:
    faces = made([20], [1.0])
    running = running_errors(faces, everything(faces))
    assert "No age has 30 faces around it" in running_in_words(running, 1.0)


def test_faces_of_ages_are_those_between_the_worst_first() -> None:
    faces = made([19, 20, 24, 25], [9.0, 1.0, -2.0, 9.0])
    assert faces_of_ages(faces, everything(faces), 20, 24).tolist() == [2, 1]


# --------------------------------------------------------------------------- cumulative


def test_cumulative_scores_and_the_guess_by_hand() -> None:
    faces = table(
        age=[10, 30, 20, 26],
        age_years=[10.0, 30.0, 21.5, 20.0],
        split=["train", "train", "test", "test"],
    )
    scores = cumulative_scores(faces, (faces["split"] == "test").to_numpy())
    # The train faces are 20 on average; the test faces are 1.5 and 6 years off.
    assert scores.attrs["guess_years"] == 20
    assert scores["cs"].loc[[1, 2, 5, 6]].tolist() == [0, 0.5, 0.5, 1]
    assert scores["guess"].loc[[0, 5, 6]].tolist() == [0.5, 0.5, 1]


def test_scores_without_train_faces_have_no_guess() -> None:
    faces = table(age=[20], age_years=[21.0], split=["test"])
    scores = cumulative_scores(faces, everything(faces))
    assert scores["guess"].isna().all()
    assert cumulative_in_words(scores) == (
        "Of the estimates 100.0\u00a0% within 1 year, 100.0\u00a0% within 5, "
        "100.0\u00a0% within 10 years."
    )


def test_faces_beyond_are_more_than_so_many_years_off() -> None:
    faces = made([20, 20, 20], [5.0, -5.5, 7.0])
    assert faces_beyond(faces, everything(faces), 5).tolist() == [2, 1]
