from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, age_group_index
from agemodel.metrics.measures import (
    age_metrics,
    gender_metrics,
    group_metrics,
    interval_metrics,
    summarise,
    summarise_groups,
    wilson_interval,
)


def made_columns(count: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    """Faces and estimates by chance, in the columns that `summarise` takes."""
    rng = np.random.default_rng(seed)
    ages = rng.integers(1, 100, count)
    age_years = np.clip(ages + rng.normal(1, 7, count), 0, 116)
    p_female = rng.uniform(0, 1, count)
    return {
        "age": ages,
        "gender": (rng.uniform(0, 1, count) < p_female).astype(int),
        "race": rng.integers(0, 4, count),  # no 'Other'
        "age_years": age_years,
        "age_low": age_years - rng.uniform(0, 12, count),
        "age_high": age_years + rng.uniform(0, 12, count),
        "p_female": p_female,
        "age_group": age_group_index(age_years),
        "decided": np.abs(p_female - 0.5) > 0.1,
    }


def test_age_errors_of_five_faces() -> None:
    # errors 0, 1, -3, 5.5, -10: sizes 0, 1, 3, 5.5, 10
    found = age_metrics(
        np.array([20, 30, 40, 50, 60]), np.array([20, 31, 37, 55.5, 50])
    )
    assert found == pytest.approx(
        {
            "mae_years": 19.5 / 5,
            "median_error_years": 3,
            # (0 + 1 + 9 + 30.25 + 100) / 5 = 28.05
            "rmse_years": 28.05**0.5,
            "bias_years": -6.5 / 5,  # too young by 1.3 years
            "cs1": 2 / 5,  # an error of exactly 1 counts
            "cs3": 3 / 5,
            "cs5": 3 / 5,
            "cs10": 5 / 5,
        }
    )


def test_age_errors_of_whole_numbers_that_may_not_go_below_zero() -> None:
    ages = np.array([10, 20], np.uint8)
    assert age_metrics(ages, np.array([5, 25], np.uint8))["mae_years"] == 5


def test_group_accuracy_counts_neighbours_only_in_one_off() -> None:
    found = group_metrics(np.array([0, 1, 2, 8, 8]), np.array([0, 2, 0, 7, 8]))
    # distances 0, 1, 2, 1, 0
    assert found == {"group_accuracy": 2 / 5, "group_one_off": 4 / 5}


def test_coverage_includes_both_ends_of_the_interval() -> None:
    found = interval_metrics(
        np.array([10, 20, 30, 40]),
        np.array([10.0, 15.0, 31.0, 30.0]),
        np.array([12.0, 20.0, 33.0, 39.0]),
    )
    # at the lower end, at the upper end, below, above; widths 2, 5, 2, 9
    assert found == {"coverage": 2 / 4, "mean_width_years": 18 / 4}


def test_gender_measures_of_four_faces() -> None:
    found = gender_metrics(np.array([1, 0, 1, 0]), np.array([0.92, 0.98, 0.5, 0.1]))
    # At 0.5 'female' is said: right are the first, the third and the fourth. Bins: 0.9
    # to 1 holds two with mean 0.95 of which half are female, a gap of 0.45; 0.5 holds
    # one with a gap of 0.5; 0.1 one with a gap of 0.1.
    expected = 2 / 4 * 0.45 + 1 / 4 * 0.5 + 1 / 4 * 0.1
    assert found["gender_accuracy"] == 3 / 4
    assert found["gender_calibration_error"] == pytest.approx(expected)


def test_a_certain_probability_has_a_bin() -> None:
    found = gender_metrics(np.array([1, 0]), np.array([1.0, 0.0]))
    assert found == {"gender_accuracy": 1.0, "gender_calibration_error": 0.0}
    # It is the last bin: 1.0 and 0.9 share it, 0.95 said and half of them female. Apart
    # they would be off by 1.0 and 0.1, 0.55 on average.
    found = gender_metrics(np.array([0, 1]), np.array([1.0, 0.9]))
    assert found["gender_calibration_error"] == pytest.approx(0.45)


def test_wilson_interval_is_that_of_scipy() -> None:
    pairs = [(0, 10), (3, 10), (10, 10), (235, 274), (1, 1)]
    low, high = wilson_interval(*np.array(pairs).T)
    for place, (hits, trials) in enumerate(pairs):
        expected = binomtest(hits, trials).proportion_ci(0.95, method="wilson")
        assert (low[place], high[place]) == pytest.approx(expected, abs=1e-6)


def test_summary_holds_all_measures_and_how_often_a_gender_is_decided() -> None:
    columns = made_columns()
    found = summarise(columns)
    ages, genders, p_female = (columns[name] for name in ("age", "gender", "p_female"))
    parts = (
        age_metrics(ages, columns["age_years"]),
        group_metrics(age_group_index(ages), columns["age_group"]),
        interval_metrics(ages, columns["age_low"], columns["age_high"]),
        gender_metrics(genders, p_female),
    )
    expected = {name: value for part in parts for name, value in part.items()}
    assert {name: found[name] for name in expected} == expected
    decided = [
        (p >= 0.5) == gender
        for p, gender in zip(p_female, genders, strict=True)
        if abs(p - 0.5) > 0.1
    ]
    assert found["n"] == 300
    assert found["uncertain_share"] == pytest.approx(1 - len(decided) / 300)
    assert found["decided_gender_accuracy"] == sum(decided) / len(decided)
    for name in ("mae_years", "gender_accuracy"):
        low, high = found[f"{name}_95"]
        assert low < found[name] < high


def test_summary_where_every_gender_is_uncertain_has_no_decided_accuracy() -> None:
    columns = made_columns() | {"decided": np.zeros(300, bool)}
    found = summarise(columns)
    assert found["decided_gender_accuracy"] is None
    assert found["uncertain_share"] == 1


def test_groups_split_the_faces_and_leave_out_empty_ones() -> None:
    columns = made_columns()
    table = summarise_groups(columns)
    assert list(table) == ["age_group", "gender", "race"]
    assert list(table["race"]) == list(RACES[:4])  # no face is labelled 'Other'
    assert list(table["gender"]) == list(GENDERS)
    assert list(table["age_group"]) == list(AGE_GROUPS)
    for parts in table.values():
        assert sum(part["n"] for part in parts.values()) == 300
        errors = sum(part["n"] * part["mae_years"] for part in parts.values())
        assert errors / 300 == pytest.approx(summarise(columns)["mae_years"])
    rows = (columns["age"] >= 3) & (columns["age"] <= 9)
    part = {name: values[rows] for name, values in columns.items()}
    assert table["age_group"]["3-9"] == summarise(part)
