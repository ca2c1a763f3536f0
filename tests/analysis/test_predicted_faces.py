from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from agemodel.analysis.predicted_faces import (
    QUALITIES,
    SPLITS,
    Slice,
    in_slice,
    qualities_in,
    read_predicted,
    splits_in,
)
from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES
from agemodel.explorer.face_table import read_faces
from agemodel.runs.run_folder import Run
from tests.harness.plain_predictions import SERVED

RUN = Run(paths.SHIPPED_RUNS / SERVED)


@pytest.fixture(scope="module")
def described() -> pd.DataFrame:
    return read_faces()


@pytest.fixture(scope="module")
def predicted(described: pd.DataFrame) -> pd.DataFrame:
    return read_predicted(RUN, described)


@pytest.fixture(scope="module")
def plain() -> list[dict]:
    """The rows of the run's file, read without this package."""
    names = pq.read_schema(RUN.folder / "predictions.parquet").names
    names.remove("age_probabilities")
    return pq.read_table(RUN.folder / "predictions.parquet", columns=names).to_pylist()


def test_every_row_says_what_the_file_says(
    predicted: pd.DataFrame, plain: list[dict]
) -> None:
    assert len(predicted) == len(plain)
    for face, row in zip(predicted[::97].itertuples(), plain[::97], strict=True):
        assert (face.file, face.split, face.coral) == (
            row["file"],
            row["split"],
            row["coral"],
        )
        assert (face.age, face.gender) == (row["age"], GENDERS[row["gender"]])
        assert face.race == RACES[row["race"]]
        assert face.estimated_group == AGE_GROUPS[row["age_group"]]
        error = row["age_years"] - row["age"]
        assert face.error_years == pytest.approx(error, abs=1e-4)
        assert face.abs_error == pytest.approx(abs(error), abs=1e-4)
        width = row["age_high"] - row["age_low"]
        assert face.width_years == pytest.approx(width, abs=1e-4)
        assert face.gender_wrong == ((row["p_female"] >= 0.5) != (row["gender"] == 1))
        assert face.decided == row["decided"]


def test_age_group_is_that_of_the_label(predicted: pd.DataFrame) -> None:
    for face in predicted[::211].itertuples():
        low, _, high = face.age_group.rstrip("+").partition("-")
        assert int(low) <= face.age <= int(high or 116)


def test_quality_is_that_of_the_same_file(
    predicted: pd.DataFrame, described: pd.DataFrame
) -> None:
    by_file = described.set_index("file")
    for face in predicted[::307].itertuples():
        known = by_file.loc[face.file]
        assert face.sharpness == pytest.approx(known["sharpness"])
        assert face.greyscale == known["greyscale"]
        assert face.blurred == known["blurred"]


def test_face_that_is_not_described_has_no_quality(described: pd.DataFrame) -> None:
    predicted = read_predicted(RUN, described.iloc[1:])
    lost = predicted[predicted["file"] == described["file"].iloc[0]].iloc[0]
    assert np.isnan(lost["sharpness"])
    assert not lost["blurred"]
    assert predicted["blurred"].dtype == bool


def test_without_a_description_there_are_no_qualities(described: pd.DataFrame) -> None:
    predicted = read_predicted(RUN, described[["file"]])
    assert qualities_in(predicted) == ()
    assert not in_slice(predicted, Slice(quality=("blurred",))).any()


@pytest.mark.parametrize("split", SPLITS)
def test_split_holds_its_faces_and_no_other(
    split: str, predicted: pd.DataFrame, plain: list[dict]
) -> None:
    expected = [
        row["file"]
        for row in plain
        if (row["split"], split) in {("test", "test"), ("val", "val")}
        or (split == "coral_test" and (row["split"], row["coral"]) == ("test", "test"))
    ]
    mask = in_slice(predicted, Slice(split))
    assert predicted["file"][mask].tolist() == expected
    assert len(expected) > 1000


def test_slice_is_what_all_filters_leave(
    predicted: pd.DataFrame, plain: list[dict], described: pd.DataFrame
) -> None:
    blurred = set(described["file"][described["blurred"]])
    grey = set(described["file"][described["greyscale"]])
    wanted = Slice(
        "test", ("female",), ("Asian", "Indian"), (20, 39), ("blurred", "greyscale")
    )
    expected = [
        row["file"]
        for row in plain
        if row["split"] == "test"
        and row["gender"] == 1
        and row["race"] in (2, 3)
        and 20 <= row["age"] <= 39
        and row["file"] in blurred | grey
    ]
    assert predicted["file"][in_slice(predicted, wanted)].tolist() == expected
    assert expected


def test_sharp_is_what_is_not_blurred(predicted: pd.DataFrame) -> None:
    sharp, blurred, both = (
        in_slice(predicted, Slice(quality=quality))
        for quality in (("sharp",), ("blurred",), ("sharp", "blurred"))
    )
    assert not (sharp & blurred).any()
    assert (both == in_slice(predicted, Slice())).all()


def test_mask_is_the_callers_own(predicted: pd.DataFrame) -> None:
    in_slice(predicted, Slice())[:] = False
    assert in_slice(predicted, Slice()).any()


def test_run_of_another_split_has_no_coral_where_none_is_marked(
    predicted: pd.DataFrame,
) -> None:
    assert splits_in(predicted) == SPLITS
    assert qualities_in(predicted) == tuple(QUALITIES)
    assert splits_in(predicted.assign(coral="")) == ("test", "val")
    assert splits_in(predicted[predicted["split"] == "train"]) == ()


def test_slice_round_trips_through_a_url_and_says_only_what_is_set() -> None:
    assert Slice().to_query() == {}
    assert Slice().describe() == "test"
    wanted = Slice("coral_test", ("male",), ("Other",), (21, 30), ("sharp", "dark"))
    assert Slice.from_query(wanted.to_query()) == wanted
    as_lists = {name: [text] for name, text in wanted.to_query().items()}
    assert Slice.from_query(as_lists) == wanted
    assert wanted.describe() == "CORAL test, male, Other, 21 to 30 years, sharp or dark"


def test_nonsense_in_a_url_is_ignored() -> None:
    query = {"split": "train", "gender": "x", "age": "9-3", "quality": "<b>"}
    assert Slice.from_query(query) == Slice()


def test_predictions_with_other_columns_are_refused(tmp_path) -> None:
    Run(tmp_path).write_table("predictions.parquet", pd.DataFrame({"file": ["a"]}))
    with pytest.raises(RunError, match="other columns than expected"):
        read_predicted(Run(tmp_path))
