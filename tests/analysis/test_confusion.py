"""Every cell of the shipped run's matrices, found anew by other means."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs

from agemodel.analysis.confusion import (
    MAX_EDGES,
    NORMS,
    OF_ALL,
    OF_ESTIMATED,
    OF_TRUE,
    accuracy_in_words,
    age_classes,
    band_names,
    count_cells,
    faces_of_cell,
    gender_classes,
    read_edges,
    score_classes,
    share_cells,
)
from agemodel.analysis.predicted_faces import SPLITS, Slice, in_slice
from agemodel.core.errors import ConfigError
from agemodel.core.labels import AGE_GROUPS

MARKETING = ("0-12", "13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
DECADES = (*(f"{low}-{low + 9}" for low in range(0, 110, 10)), "110+")


def classes_of(predicted: pd.DataFrame, kind: str):
    if kind == "gender":
        return gender_classes(predicted)
    return age_classes(predicted, kind, "18,30,50")


def band_of(years: float, names: tuple[str, ...]) -> str:
    """The band that holds an age in completed years, by its words."""
    for name in names:
        low, _, high = name.rstrip("+").partition("-")
        if int(low) <= math.floor(years) and (
            name.endswith("+") or math.floor(years) <= int(high or low)
        ):
            return name
    raise AssertionError(years)


def labels_by_words(part: pd.DataFrame, kind: str, names: tuple[str, ...]):
    """True and estimated class of each face as words, one by one."""
    if kind == "gender":
        guesses = ["female" if p >= 0.5 else "male" for p in part["p_female"]]
        return part["gender"].tolist(), guesses
    if kind == "groups":
        true = [band_of(age, names) for age in part["age"]]
        return true, part["estimated_group"].tolist()
    return tuple(
        [band_of(years, names) for years in part[column]]
        for column in ("age", "age_years")
    )


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("kind", ["gender", "groups", "marketing", "decades", "own"])
def test_every_cell_is_the_one_found_by_other_means_and_all_add_up_to_n(
    predicted: pd.DataFrame, kind: str, split: str
) -> None:
    rows = in_slice(predicted, Slice(split, races=("White", "Black", "Other")))
    classes = classes_of(predicted, kind)
    true, estimated = labels_by_words(predicted[rows], kind, classes.names)
    counts = count_cells(classes, rows)
    expected = theirs.confusion_matrix(true, estimated, labels=list(classes.names))
    assert counts.tolist() == expected.tolist()
    assert counts.sum() == rows.sum()


def test_bands_have_the_names_that_were_asked_for(predicted: pd.DataFrame) -> None:
    assert age_classes(predicted, "groups").names == AGE_GROUPS
    assert age_classes(predicted, "marketing").names == MARKETING
    assert age_classes(predicted, "decades").names == DECADES
    own = age_classes(predicted, "own", "18,30,50")
    assert own.names == ("0-17", "18-29", "30-49", "50+")


def test_shares_are_of_the_row_of_the_column_or_of_all(predicted: pd.DataFrame) -> None:
    rows = in_slice(predicted, Slice())
    classes = classes_of(predicted, "decades")
    true, estimated = labels_by_words(predicted[rows], "decades", classes.names)
    counts = count_cells(classes, rows)
    for norm, name in ((OF_TRUE, "true"), (OF_ESTIMATED, "pred"), (OF_ALL, "all")):
        expected = theirs.confusion_matrix(
            true, estimated, labels=list(classes.names), normalize=name
        )
        assert share_cells(counts, norm) == pytest.approx(expected)
    assert share_cells(np.zeros((2, 2), int), OF_TRUE).tolist() == [[0, 0], [0, 0]]
    assert set(NORMS) == {OF_TRUE, OF_ESTIMATED, OF_ALL}


@pytest.mark.parametrize("kind", ["gender", "groups", "marketing"])
def test_precision_recall_f1_and_support_are_scikit_learns(
    predicted: pd.DataFrame, kind: str
) -> None:
    rows = in_slice(predicted, Slice())
    classes = classes_of(predicted, kind)
    true, estimated = labels_by_words(predicted[rows], kind, classes.names)
    expected = theirs.precision_recall_fscore_support(
        true, estimated, labels=list(classes.names)
    )
    found = score_classes(classes.names, count_cells(classes, rows))
    assert found.index.tolist() == list(classes.names)
    for column, values in zip(
        ("precision", "recall", "f1", "support"), expected, strict=True
    ):
        assert found[column].tolist() == pytest.approx(values.tolist())


def test_class_that_nobody_has_or_gets_has_no_scores() -> None:
    found = score_classes(("a", "b", "c"), np.array([[3, 1, 0], [0, 0, 0], [0, 0, 0]]))
    assert found.loc["a", ["support", "estimated", "recall"]].tolist() == [4, 3, 0.75]
    assert found.loc["b", "precision"] == 0
    assert np.isnan(found.loc["b", "recall"])
    assert found.loc["c", ["precision", "recall", "f1"]].isna().all()


def test_faces_of_a_cell_are_the_counted_ones_the_surest_first(
    predicted: pd.DataFrame,
) -> None:
    rows = in_slice(predicted, Slice())
    for kind in ("gender", "groups", "own"):
        classes = classes_of(predicted, kind)
        counts = count_cells(classes, rows)
        for true, estimated in np.argwhere(counts > 0)[::3]:
            found = faces_of_cell(classes, rows, true, estimated)
            assert len(set(found)) == len(found) == counts[true, estimated]
            part = predicted.iloc[found]
            words = labels_by_words(part, kind, classes.names)
            assert set(words[0]) == {classes.names[true]}
            assert set(words[1]) == {classes.names[estimated]}
            doubt = (
                -(part["p_female"] - 0.5).abs()
                if kind == "gender"
                else part["width_years"]
            )
            assert doubt.is_monotonic_increasing


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("18,30,50", (0, 18, 30, 50)),
        (" 18; 30  50 ", (0, 18, 30, 50)),
        ("21", (0, 21)),
        ("1,116", (0, 1, 116)),
    ],
)
def test_edges_are_read(text: str, starts: tuple[int, ...]) -> None:
    assert read_edges(text) == starts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Give the ages"),
        (" , ", "Give the ages"),
        ("18,x", "'x' is not"),
        ("18.5", "whole number"),
        ("-3", "whole number"),
        ("٣", "whole number"),
        ("0,18", "0 is not"),
        ("18,117", "117 is not"),
        ("30,18", "Edges rise"),
        ("18,18", "none comes twice"),
        (",".join(map(str, range(1, MAX_EDGES + 2))), "At most 15 edges"),
    ],
)
def test_edges_that_make_no_bands_are_refused_in_a_sentence(
    text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read_edges(text)


def test_bands_of_a_single_year_have_a_short_name() -> None:
    assert band_names((0, 1, 18)) == ("0", "1-17", "18+")


def test_accuracy_is_put_in_words() -> None:
    counts = np.array([[1500, 250], [250, 0]])
    assert accuracy_in_words(counts) == "1,500 of 2,000 right (75.0 %)"
