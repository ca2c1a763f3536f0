from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.explorer.aggregates import (
    QUANTILES,
    age_histogram,
    age_spread,
    collected,
    error_by,
    normalised,
    value_counts,
)
from tests.harness.made_tables import random_table, table

FACES = random_table(3000, seed=1)
MASK = np.random.default_rng(2).random(3000) < 0.7
CHOSEN = FACES[MASK]


def test_age_histogram_has_a_row_an_age_and_a_column_a_gender() -> None:
    counted = age_histogram(FACES, MASK, "gender")
    assert counted.index.tolist() == list(range(1, 117))
    assert counted.columns.tolist() == ["male", "female"]
    expected = pd.crosstab(CHOSEN["age"], CHOSEN["gender"])
    assert (counted.loc[expected.index] == expected).all(axis=None)
    assert counted.to_numpy().sum() == len(CHOSEN)


def test_age_histogram_of_all_has_one_column() -> None:
    counted = age_histogram(FACES, MASK)
    assert counted["n"].sum() == len(CHOSEN)
    assert counted.loc[30, "n"] == (CHOSEN["age"] == 30).sum()


def test_faces_without_a_label_are_in_no_column() -> None:
    faces = table(
        age=[30, 30, 40], split=["test", "", ""], race=["Black", "Black", "Other"]
    )
    everyone = np.ones(3, bool)
    assert age_histogram(faces, everyone, "split").to_numpy().sum() == 1
    assert value_counts(faces, everyone, "split").tolist() == [0, 0, 1]


def test_values_that_no_face_has_are_counted_as_none() -> None:
    faces = table(age=[30], race=["Asian"])
    counted = value_counts(faces, np.ones(1, bool), "race")
    assert counted.to_dict() == {
        "White": 0,
        "Black": 0,
        "Asian": 1,
        "Indian": 0,
        "Other": 0,
    }


def test_ages_spread_as_plain_quantiles_say() -> None:
    found = age_spread(FACES, MASK, "race", "gender")
    assert found.index.names == ["race", "gender"]
    assert found["n"].sum() == len(CHOSEN)
    for (race, gender), row in found.iterrows():
        ages = CHOSEN["age"][(CHOSEN["race"] == race) & (CHOSEN["gender"] == gender)]
        quantiles = np.quantile(ages, list(QUANTILES.values()), method="inverted_cdf")
        assert row.tolist() == [len(ages), *quantiles]


def test_pairs_of_labels_that_no_face_has_do_not_spread() -> None:
    faces = table(age=[5, 30, 40], split=["test", "", "test"])
    found = age_spread(faces, np.ones(3, bool), "split", "gender")
    assert found.index.tolist() == [("test", "male")]
    # Of 5 and 40 years: half of the faces do not pass 5, nine in ten not 40.
    assert found.iloc[0].tolist() == [2, 5, 5, 5, 40, 40]


def test_counts_become_shares() -> None:
    shares = normalised(pd.DataFrame([[2, 3], [0, 5]]))
    assert shares.to_numpy() == pytest.approx(np.array([[0.2, 0.3], [0, 0.5]]))
    assert not normalised(pd.DataFrame([[0, 0]])).to_numpy().any()


def test_errors_are_averaged_by_age() -> None:
    faces = table(
        age=[30, 30, 40, 50, 50],
        age_years=[34, 28, 41, np.nan, 60],
        gender=["male", "female", "male", "male", "female"],
    )
    found = error_by(faces, np.array([True, True, True, True, False]))
    # 30: errors of 4 and -2 years; 40: one of 1; 50: one unknown, one not chosen
    assert found.index.tolist() == [30, 40]
    assert found["n"].tolist() == [2, 1]
    assert found["mae_years"].tolist() == [3, 1]
    assert found["bias_years"].tolist() == [1, 1]
    by_gender = error_by(faces, np.ones(5, bool), "gender")
    assert by_gender.loc["male"].tolist() == [2, 2.5, 2.5]  # 4 and 1
    assert by_gender.loc["female"].tolist() == [2, 6, 4]  # -2 and 10


def test_dates_are_counted_by_month_and_day() -> None:
    dates = ["2017-01-09 23:59:59.999", "2017-01-10", "2016-12-31", None]
    faces = table(age=[30] * 4, date=dates)
    everyone = np.ones(4, bool)
    assert collected(faces, everyone).to_dict() == {"2016-12": 1, "2017-01": 2}
    assert collected(faces, everyone, "day").to_dict() == {
        "2016-12-31": 1,
        "2017-01-09": 1,
        "2017-01-10": 1,
    }


@pytest.mark.parametrize("mask", [np.zeros(3000, bool)])
def test_no_face_gives_empty_charts_and_no_error(mask: np.ndarray) -> None:
    assert age_histogram(FACES, mask, "gender").to_numpy().sum() == 0
    assert len(error_by(FACES, mask)) == len(collected(FACES, mask)) == 0
    assert len(age_spread(FACES, mask, "race", "gender")) == 0
