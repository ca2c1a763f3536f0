from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from agemodel.analysis.paired_comparison import (
    compare_ages,
    count_wins,
    farthest_apart,
    mae_by_group,
    mcnemar_of_genders,
    pair_faces,
    sign_test,
)
from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.core import paths
from agemodel.core.columns import category
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, age_group_index
from agemodel.metrics.bootstrap import bootstrap_interval
from agemodel.runs.run_folder import Run
from tests.harness.plain_predictions import SERVED


def predicted(
    files: str, ages: list[int], errors: list[float], wrong: str = ""
) -> pd.DataFrame:
    n = len(files)
    error = np.array(errors, np.float32)
    return pd.DataFrame(
        {
            "file": list(files),
            "age": np.array(ages, np.int16),
            "gender": category(np.zeros(n), GENDERS),
            "race": category(np.zeros(n), RACES),
            "age_group": category(age_group_index(np.array(ages)), AGE_GROUPS),
            "age_years": (ages + error).astype(np.float32),
            "error_years": error,
            "abs_error": np.abs(error),
            "p_female": np.full(n, 0.2, np.float32),
            "gender_wrong": [letter == "x" for letter in wrong.ljust(n)],
        }
    )  # fmt: skip


def everything(frame: pd.DataFrame) -> np.ndarray:
    return np.ones(len(frame), bool)


def paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return pair_faces(first, second, everything(first), everything(second))


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    """The two shipped runs on test, paired."""
    first, second = (
        read_predicted(Run(paths.SHIPPED_RUNS / name))
        for name in (SERVED, "group_cnn-1")
    )
    return pair_faces(
        first, second, in_slice(first, Slice()), in_slice(second, Slice())
    )


def plain_rows() -> list[tuple[float, float, bool, bool, int]]:
    """Of every test face: both absolute errors, both genders right, the age."""
    read = [
        {
            row.file: row
            for row in Run(paths.SHIPPED_RUNS / name).read_predictions().itertuples()
            if row.split == "test"
        }
        for name in (SERVED, "group_cnn-1")
    ]
    return [
        (
            abs(float(one.age_years) - one.age),
            abs(float(read[1][file].age_years) - one.age),
            (one.p_female >= 0.5) == (one.gender == 1),
            (read[1][file].p_female >= 0.5) == (one.gender == 1),
            one.age,
        )
        for file, one in read[0].items()
        if file in read[1]
    ]


def test_only_faces_that_count_in_both_are_paired() -> None:
    first = predicted("abcd", [20, 30, 40, 50], [1, 2, 3, 4])
    second = predicted("dcbx", [50, 40, 30, 9], [8, 1, -2, 0])
    pairs = pair_faces(
        first,
        second,
        np.array([1, 1, 1, 0], bool),  # d does not count in the first
        np.array([1, 1, 1, 1], bool),
    )
    assert pairs["file"].tolist() == ["b", "c"]
    assert pairs["row_first"].tolist() == [1, 2]
    assert pairs["row_second"].tolist() == [2, 1]
    assert pairs["gain_years"].tolist() == [0, 2]  # 2 - 2, 3 - 1


def test_runs_without_a_common_face_have_no_pair() -> None:
    assert paired(predicted("a", [20], [1]), predicted("b", [20], [1])).empty


def test_a_run_beside_itself_differs_by_nothing() -> None:
    run = predicted("abc", [20, 30, 40], [1, -6, 3], "x")
    pairs = paired(run, run)
    for difference in compare_ages(pairs).values():
        assert difference.value == 0
        assert difference.interval_95 == (0, 0)
        assert not difference.is_clear
    assert count_wins(pairs).loc["all"].tolist() == [3, 0, 0, 3]
    assert mcnemar_of_genders(pairs).p == 1
    assert farthest_apart(pairs, "first", 5).empty


def test_differences_are_first_less_second() -> None:
    first = predicted("abcd", [20] * 4, [1, 2, 6, 7])
    second = predicted("abcd", [20] * 4, [-1, 1, 4, 10])
    found = compare_ages(paired(first, second))
    # MAE (1 + 2 + 6 + 7) / 4 and (1 + 1 + 4 + 10) / 4; medians of 1 2 6 7 and 1 1 4 10.
    assert found["mae_years"].value == pytest.approx(0)
    assert found["median_error_years"].first == pytest.approx(4)
    assert found["median_error_years"].second == pytest.approx(2.5)
    assert found["cs5"].value == pytest.approx(0.5 - 0.75)


def test_shipped_runs_differ_as_plain_arithmetic_says(shipped: pd.DataFrame) -> None:
    rows = plain_rows()
    assert len(shipped) == len(rows) == 4743
    found = compare_ages(shipped)
    for place, name in enumerate(("first", "second")):
        errors = [row[place] for row in rows]
        mae = sum(errors) / len(errors)
        assert getattr(found["mae_years"], name) == pytest.approx(mae, abs=1e-5)
        middle = sorted(errors)[len(errors) // 2]  # 4743 is odd
        median = found["median_error_years"]
        assert getattr(median, name) == pytest.approx(middle, abs=1e-5)
        within = sum(error <= 5 for error in errors) / len(errors)
        assert getattr(found["cs5"], name) == pytest.approx(within, abs=1e-3)
    gains = np.array([row[0] - row[1] for row in rows])
    expected = bootstrap_interval(gains, np.mean)
    assert found["mae_years"].interval_95 == pytest.approx(expected, abs=1e-4)
    assert found["mae_years"].is_clear
    # A paired t interval is nearly the same at this n.
    half = 1.96 * gains.std() / np.sqrt(len(gains))
    low, high = found["mae_years"].interval_95
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)


def test_wins_are_counted_by_group_and_in_all(shipped: pd.DataFrame) -> None:
    wins = count_wins(shipped)
    assert list(wins.index) == [*AGE_GROUPS, "all"]
    assert (wins["first"] + wins["second"] + wins["even"] == wins["n"]).all()
    assert wins["n"].iloc[:-1].sum() == wins.loc["all", "n"] == len(shipped)
    rows = plain_rows()
    assert wins.loc["all", "first"] == sum(row[0] < row[1] for row in rows)
    old = [row for row in rows if row[4] >= 70]
    assert wins.loc["70+", "second"] == sum(row[1] < row[0] for row in old)


def test_groups_without_a_face_have_no_row() -> None:
    run = predicted("ab", [20, 75], [1, 2])
    assert list(count_wins(paired(run, run)).index) == ["20-29", "70+", "all"]
    assert mae_by_group(paired(run, run))["age_group"].tolist() == ["20-29", "70+"]


def test_errors_by_group_of_both_runs(shipped: pd.DataFrame) -> None:
    table = mae_by_group(shipped)
    old = table[table["age_group"] == "70+"].iloc[0]
    errors = [row for row in plain_rows() if row[4] >= 70]
    assert old["n"] == len(errors)
    first = sum(row[0] for row in errors) / len(errors)
    second = sum(row[1] for row in errors) / len(errors)
    assert old["first"] == pytest.approx(first, abs=1e-5)
    assert old["second"] == pytest.approx(second, abs=1e-5)
    assert old["difference"] == pytest.approx(first - second, abs=1e-5)
    assert old["difference_low"] < old["difference"] < old["difference_high"]


def test_mcnemar_counts_the_genders_that_one_run_alone_gets_right() -> None:
    first = predicted("abcde", [20] * 5, [0] * 5, "xx  x")
    second = predicted("abcde", [20] * 5, [0] * 5, "   xx")
    found = mcnemar_of_genders(paired(first, second))
    # a and b: second alone; c: both; d: first alone; e: none.
    assert (found.only_first, found.only_second, found.both, found.neither) == (
        *(1, 2, 1, 1),
    )
    assert found.p == 1  # 2 * (1 + 3) / 8


def test_mcnemar_of_the_shipped_runs_is_what_scipy_says(shipped: pd.DataFrame) -> None:
    rows = plain_rows()
    only_first = sum(one and not other for _, _, one, other, _ in rows)
    only_second = sum(other and not one for _, _, one, other, _ in rows)
    found = mcnemar_of_genders(shipped)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.both + found.neither + only_first + only_second == len(rows)
    expected = binomtest(only_first, only_first + only_second, 0.5).pvalue
    assert found.p == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("heads", "tails"), [(0, 0), (0, 5), (5, 0), (3, 3), (7, 2), (40, 61), (900, 1100)]
)
def test_sign_test_is_the_exact_binomial(heads: int, tails: int) -> None:
    expected = binomtest(heads, heads + tails).pvalue if heads + tails else 1
    assert sign_test(heads, tails) == pytest.approx(expected, rel=1e-9)


def test_faces_farthest_apart_begin_with_the_largest_lead() -> None:
    first = predicted("abcd", [20] * 4, [1, 9, 5, 2])
    second = predicted("abcd", [20] * 4, [4, 2, 5, 30])
    pairs = paired(first, second)
    assert farthest_apart(pairs, "first", 5)["file"].tolist() == ["d", "a"]
    assert farthest_apart(pairs, "second", 5)["file"].tolist() == ["b"]
    assert farthest_apart(pairs, "first", 1)["file"].tolist() == ["d"]
