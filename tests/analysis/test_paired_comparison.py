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
from agemodel.core.columns import category
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, age_group_index
from tests.harness.made_tables import everything


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


def paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return pair_faces(first, second, everything(first), everything(second))


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


def test_intervals_are_of_differences_on_the_same_faces() -> None:
    # Each face is a year farther off in the first: so is every draw of faces.
    first = predicted("abcdef", [20] * 6, [2, 3, 5, 8, 13, 21])
    second = predicted("abcdef", [20] * 6, [1, 2, 4, 7, 12, 20])
    found = compare_ages(paired(first, second))
    for name in ("mae_years", "median_error_years"):
        assert found[name].interval_95 == pytest.approx((1, 1))
        assert found[name].is_clear
    # Every face is within 5 years in both runs or in neither.
    assert not found["cs5"].is_clear


def test_wins_and_errors_are_told_by_group_and_in_all() -> None:
    first = predicted("abcd", [20, 20, 20, 80], [1, 2, 3, 9])
    second = predicted("abcd", [20, 20, 20, 80], [2, -2, 5, 1])
    pairs = paired(first, second)
    wins = count_wins(pairs)
    columns = ["n", "first", "second", "even"]
    assert wins.loc["20-29", columns].tolist() == [3, 2, 0, 1]
    assert wins.loc["70+", columns].tolist() == [1, 0, 1, 0]
    assert wins.loc["all", columns].tolist() == [4, 2, 1, 1]
    table = mae_by_group(pairs).set_index("age_group")
    assert table.loc["20-29", ["first", "second", "difference"]].tolist() == [2, 3, -1]
    assert table.loc["20-29", "first_low"] < 2 < table.loc["20-29", "first_high"]
    # Of one face every draw is the same.
    old = table.loc["70+", ["difference", "difference_low", "difference_high"]]
    assert old.tolist() == [8, 8, 8]


def test_groups_without_a_face_have_no_row() -> None:
    run = predicted("ab", [20, 75], [1, 2])
    assert list(count_wins(paired(run, run)).index) == ["20-29", "70+", "all"]
    assert mae_by_group(paired(run, run))["age_group"].tolist() == ["20-29", "70+"]


def test_mcnemar_counts_the_genders_that_one_run_alone_gets_right() -> None:
    first = predicted("abcde", [20] * 5, [0] * 5, "xx  x")
    second = predicted("abcde", [20] * 5, [0] * 5, "   xx")
    found = mcnemar_of_genders(paired(first, second))
    # a and b: second alone; c: both; d: first alone; e: none.
    assert (found.only_first, found.only_second, found.both, found.neither) == (
        *(1, 2, 1, 1),
    )
    assert found.p == 1  # 2 * (1 + 3) / 8


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
