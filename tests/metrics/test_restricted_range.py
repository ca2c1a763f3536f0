from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.core.labels import AGE_GROUPS, AGES
from agemodel.learning.evaluate import measure
from agemodel.metrics.measures import CORAL_RESTRICTED
from agemodel.metrics.restricted_range import cut_to_range, restrict_to_range
from agemodel.runs.run_folder import Run

SHIPPED = Run(paths.SHIPPED_RUNS / "mobile-3")


def rows(*parts: dict[int, float]) -> np.ndarray:
    """Distributions, shape (n, 116), from what each says of single ages."""
    return np.array([[part.get(age, 0.0) for age in AGES] for part in parts])


def test_what_lies_outside_is_shared_out_among_what_lies_inside() -> None:
    cut = cut_to_range(rows({10: 0.5, 30: 0.1, 40: 0.3, 90: 0.1}), 21, 60)
    np.testing.assert_allclose(cut, rows({30: 0.25, 40: 0.75}))


@pytest.mark.parametrize(("age", "end"), [(20, 21), (3, 21), (61, 60), (99, 60)])
def test_a_face_that_cannot_be_in_the_range_goes_to_its_nearer_end(
    age: int, end: int
) -> None:
    np.testing.assert_array_equal(
        cut_to_range(rows({age: 1.0}), 21, 60), rows({end: 1.0})
    )


def test_both_ends_belong_to_the_range() -> None:
    inside = rows({21: 0.4, 60: 0.6})
    np.testing.assert_allclose(cut_to_range(inside, 21, 60), inside)


@pytest.fixture(scope="module")
def coral() -> pd.DataFrame:
    table = SHIPPED.read_predictions()
    return table[(table["split"] == "test") & (table["coral"] == "test")]


def test_restricted_faces_lie_in_the_range_and_intervals_hold_no_fewer(
    coral: pd.DataFrame,
) -> None:
    restricted = restrict_to_range(coral, 21, 60)
    for name in ("age_years", "age_low", "age_high"):
        assert restricted[name].between(21, 60).all()
    assert set(restricted["age_group"]) <= {
        AGE_GROUPS.index(f"{n}0-{n}9") for n in (2, 3, 4, 5)
    } | {AGE_GROUPS.index("60-69")}
    held, before = (
        one["age"].between(one["age_low"], one["age_high"]).mean()
        for one in (restricted, coral)
    )
    assert before <= held <= before + 0.01
    same = coral["age_years"].between(30, 45) & coral["age_low"].between(25, 50)
    moved = (restricted["age_years"] - coral["age_years"]).abs()
    assert moved[same].mean() < 0.5 < moved[~same].mean()


def test_measures_are_stated_both_ways(coral: pd.DataFrame) -> None:
    splits = measure(coral)["splits"]
    restricted, alone = splits[CORAL_RESTRICTED], splits["coral_test"]
    error = (restrict_to_range(coral, 21, 60)["age_years"] - coral["age"]).abs()
    assert restricted["n"] == alone["n"] == len(coral)
    assert restricted["mae_years"] == pytest.approx(error.mean(), abs=1e-4)
    assert restricted["mae_years"] < alone["mae_years"]
    assert restricted["gender_accuracy"] == alone["gender_accuracy"]
    assert restricted["coverage"] >= alone["coverage"]
    assert restricted["mean_width_years"] < alone["mean_width_years"]


def test_without_faces_of_coral_nothing_is_restricted() -> None:
    table = SHIPPED.read_predictions().assign(coral="")
    assert set(measure(table)["splits"]) == {"val", "test"}
