from __future__ import annotations

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.fairness import (
    FACTORS,
    GROUP_MEASURES,
    faces_of,
    gap_in_words,
    group_table,
)
from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.core import paths
from agemodel.core.columns import category
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES, age_group_index
from agemodel.runs.run_folder import Run
from tests.harness.plain_predictions import SERVED

RUNS = (SERVED, "group_cnn-1")


def predicted(genders: str, errors: list[float], wrong: str = "") -> pd.DataFrame:
    """Faces of 25 years: a letter a gender, signed errors, an x for a wrong gender."""
    n = len(errors)
    codes = np.array(["mf".index(letter) for letter in genders])
    error = np.array(errors, np.float32)
    return pd.DataFrame(
        {
            "file": [f"{row}.jpg" for row in range(n)],
            "gender": category(codes, GENDERS),
            "race": category(np.zeros(n), RACES),
            "age_group": category(age_group_index(np.full(n, 25)), AGE_GROUPS),
            "error_years": error,
            "abs_error": np.abs(error),
            "gender_wrong": [letter == "x" for letter in wrong.ljust(n)],
        }
    )


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest) -> Run:
    return Run(paths.SHIPPED_RUNS / request.param)


def test_groups_have_their_n_error_bias_and_right_genders() -> None:
    faces = predicted("mmmff", [1, -3, 2, -4, 9], " x x ")
    table = group_table(faces, np.array([1, 1, 1, 1, 0], bool), ("gender",))
    assert table["group"].tolist() == ["male", "female"]
    assert table["n"].tolist() == [3, 1]  # the last face does not count
    # Male: (1 + 3 + 2) / 3, (1 - 3 + 2) / 3, two of three right. Female: -4, wrong.
    assert table["mae_years"].tolist() == pytest.approx([2, 4])
    assert table["bias_years"].tolist() == pytest.approx([0, -4])
    assert table["gender_accuracy"].tolist() == pytest.approx([2 / 3, 0])
    for name in GROUP_MEASURES:
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[f"{name}_high"] >= table[name]).all()
    crossed = group_table(faces, np.ones(5, bool), ("gender", "race"))
    assert crossed["group"].tolist() == ["male, White", "female, White"]
    assert crossed["mae_years"].tolist() == pytest.approx([2, 6.5])


def test_no_face_makes_no_group() -> None:
    table = group_table(predicted("m", [1]), np.zeros(1, bool), ("gender", "race"))
    assert table.empty
    assert {"group", "n", "mae_years", "mae_years_low"} <= set(table)
    assert gap_in_words(table, "mae_years", ("gender", "race")) == ""


def test_groups_are_those_that_the_run_itself_measured(run: Run) -> None:
    faces = read_predicted(run)
    metrics = json.loads((run.folder / "metrics.json").read_text("utf-8"))["groups"]
    for split, factor in product(("test", "val", "coral_test"), FACTORS):
        table = group_table(faces, in_slice(faces, Slice(split=split)), (factor,))
        expected = metrics[split][factor]
        assert table["group"].tolist() == list(expected)
        for _, row in table.iterrows():
            part = expected[row["group"]]
            assert row["n"] == part["n"]
            for name in GROUP_MEASURES:
                assert row[name] == pytest.approx(part[name], abs=1e-6)
            for name in ("mae_years", "gender_accuracy"):
                bounds = [row[f"{name}_low"], row[f"{name}_high"]]
                assert bounds == pytest.approx(part[f"{name}_95"], abs=1e-6)


def table_of(**groups: tuple[int, float, float, float]) -> pd.DataFrame:
    """A table by hand: n, MAE and its bounds by a group's name."""
    rows = [
        {"group": name, "n": n, "mae_years": mae, "mae_years_low": low}
        | {"mae_years_high": high}
        for name, (n, mae, low, high) in groups.items()
    ]
    return pd.DataFrame(rows)


def test_largest_gap_leaves_out_groups_of_fewer_than_thirty() -> None:
    table = table_of(
        few=(29, 9.0, 8.0, 10.0), a=(30, 5.0, 4.5, 5.5), b=(99, 3.0, 2.5, 3.5),
        c=(99, 4.0, 3.4, 4.6),
    )  # fmt: skip
    assert gap_in_words(table, "mae_years", ("race",)) == (
        "By race label, ages err most for a (5.00 years, 4.50 to 5.50), least for b "
        "(3.00 years, 2.50 to 3.50). The largest gap among 3 groups is 2.00 years; "
        "their 95 % intervals do not overlap."
    )
    assert gap_in_words(table[:2], "mae_years", ("race",)) == ""


def test_largest_gap_says_when_the_intervals_overlap() -> None:
    table = table_of(a=(50, 4.0, 3.5, 4.5), b=(50, 3.0, 2.4, 3.5))
    text = gap_in_words(table, "mae_years", ("race",))
    assert "1.00 years; their 95 % intervals overlap." in text


@pytest.mark.parametrize(
    ("measure", "values", "words"),
    [
        ("bias_years", (-2.5, 1.0), ("+1.00 years", "-2.50 years", "is 3.50 years")),
        ("gender_accuracy", (0.75, 0.95), ("95.0 %", "75.0 %", "is 20.0 points")),
    ],
)
def test_gap_in_words_has_the_unit_of_its_measure(
    measure: str, values: tuple[float, float], words: tuple[str, ...]
) -> None:
    names = (measure, f"{measure}_low", f"{measure}_high")
    rows = [{"group": "x", "n": 30} | dict.fromkeys(names, value) for value in values]
    text = gap_in_words(pd.DataFrame(rows), measure, ("gender",))
    assert all(word in text for word in words)
    assert "do not overlap" in text


def test_faces_of_a_group_begin_with_the_largest_error() -> None:
    faces = predicted("mfmmf", [1, -30, -7, 3, 2])
    rows = np.array([1, 1, 1, 1, 0], bool)
    table = group_table(faces, rows, ("gender",))
    assert faces_of(faces, rows, table.iloc[0], ("gender",)).tolist() == [2, 3, 0]
    assert faces_of(faces, rows, table.iloc[1], ("gender",)).tolist() == [1]
