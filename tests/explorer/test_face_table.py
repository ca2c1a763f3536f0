from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agemodel.core import paths
from agemodel.core.labels import GENDERS, RACES
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.names import parse_name
from agemodel.dataset.record import RECORD_NAME
from agemodel.dataset.splits import read_splits
from agemodel.explorer.face_table import read_faces
from agemodel.explorer.model_estimates import run_of
from tests.harness.dataset_archives import face_name, splits_of, tiny_jpeg, write_folder
from tests.harness.made_manifests import hold
from tests.harness.made_models import write_model
from tests.harness.made_predictions import made_predictions

FILES = [face_name(number, age=20 + number) for number in range(6)]
"""Six faces of 20 to 25 years; the gender is the number % 2, the race % 5."""
MEASURES = ["sharpness", "found", "duplicate_group", "map_x"]
ESTIMATES = ["age_years", "age_low", "p_female", "estimated_group", "error_years"]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that ships six faces and nothing else; its folder."""
    for name in ("utkface", "runs", "models"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(paths, "SPLITS", tmp_path / "utkface" / "splits.csv")
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "shipped")
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    write_splits(*FILES)
    return tmp_path


def write_splits(*files: str) -> None:
    marks = ["train", "train", "val", "test", "test", "test"]
    rows = [
        (file, split, "test" * (split == "test"), "")
        for file, split in zip(files, marks, strict=False)
    ]
    splits_of(*rows).to_csv(paths.SPLITS, index=False)
    hold(paths.SPLITS.parent, paths.SPLITS.name)


def described(files: list[str]) -> pd.DataFrame:
    """Measures as a description ships them; the number of the file is in each."""
    number = np.arange(len(files))
    return pd.DataFrame(
        {
            "file": files,
            "sharpness": (0.1 + number / 100).astype(np.float32),
            "brightness": np.float32(100),
            "face_px": np.float32(90),
            "yaw_deg": np.float32(0),
            "found": number != 1,
            "greyscale": number == 2,
            "hash": number.astype(np.uint64),
            "duplicate_group": np.int32(0),
            "exact_group": np.int32(-1),
            "map_x": np.float32(0.5),
            "map_y": (number / 10).astype(np.float32),
        }
    )


def write_description(shipped: Path, frame: pd.DataFrame) -> Path:
    path = shipped / "utkface" / "faces.parquet"
    frame.to_parquet(path, index=False)
    hold(path.parent, path.name)
    return path


def write_run(shipped: Path, files: list[str]) -> None:
    """A model whose run estimated these files: 30 years, 25 to 40, female, of 30-39."""
    write_model(shipped / "models" / "mobile")
    folder = shipped / "runs" / "mobile-7"  # as the made card names it
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    table = pa.Table.from_pandas(made_predictions(files), preserve_index=False)
    pq.write_table(table, folder / "predictions.parquet")


def test_imported_faces_in_no_split_are_in_the_table(
    shipped: Path, tmp_path: Path
) -> None:
    before = read_faces(data_dir=tmp_path / "data")
    write_description(shipped, described(FILES))
    write_run(shipped, FILES)
    new = face_name(9, age=7)  # the gender is 9 % 2, the race 9 % 5
    source = write_folder(
        tmp_path / "source", [(name, tiny_jpeg()) for name in (FILES[3], new)]
    )
    import_dataset(source, tmp_path / "data")
    faces = read_faces(data_dir=tmp_path / "data")
    assert faces["file"].tolist() == sorted([*FILES, new])
    assert faces.attrs["left_out"] == []
    face = faces.set_index("file").loc[new]
    assert (face["age"], face["gender"], face["race"]) == (7, GENDERS[1], RACES[4])
    assert str(face["date"]) == "2017-01-01 00:00:00.009000"
    for column in ("split", "coral", "sharpness", "age_years", "estimated_group"):
        assert pd.isna(face[column])
    assert not face[["no_face", "duplicate", "outside", "mislabelled"]].any()
    others = faces[faces["file"] != new].reset_index(drop=True)
    pd.testing.assert_frame_equal(others[before.columns], before, check_like=True)


def test_damaged_import_is_a_sentence_beside_the_faces_that_ship(
    shipped: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / RECORD_NAME).write_text("{}")
    faces = read_faces(data_dir=tmp_path / "data")
    assert faces["file"].tolist() == FILES
    assert "Import the dataset again" in faces.attrs["left_out"][0]


def test_labels_are_those_of_the_names_for_every_face_that_ships() -> None:
    faces = read_faces().set_index("file")
    names = read_splits()["file"]
    assert len(faces) == len(names) == 23_704
    labels = [parse_name(name) for name in names]
    known = faces.loc[names]
    assert known["age"].tolist() == [label.age for label in labels]
    assert known["gender"].tolist() == [GENDERS[label.gender] for label in labels]
    assert known["race"].tolist() == [RACES[label.race] for label in labels]
    dates = [None if pd.isna(moment) else moment for moment in known["date"]]
    assert dates == [label.collected for label in labels]


def test_error_on_test_is_the_one_that_the_shipped_run_measured() -> None:
    faces = read_faces()
    measured = run_of().read_json("metrics.json")["splits"]
    for split in ("val", "test"):
        part = faces[faces["split"] == split]
        assert len(part) == measured[split]["n"]
        mae = part["abs_error"].mean()
        assert mae == pytest.approx(measured[split]["mae_years"], abs=1e-3)
        bias = part["error_years"].mean()
        assert bias == pytest.approx(measured[split]["bias_years"], abs=1e-3)


def test_without_description_and_model_there_are_labels_and_two_reasons(
    shipped: Path,
) -> None:
    faces = read_faces()
    assert faces["file"].tolist() == FILES
    assert faces["age"].tolist() == [20, 21, 22, 23, 24, 25]
    assert faces["gender"].tolist() == ["male", "female"] * 3
    assert faces["race"].tolist() == [*RACES, "White"]
    assert faces["age_group"].tolist() == ["20-29"] * 6
    assert faces["split"].tolist() == ["train", "train", "val", "test", "test", "test"]
    assert faces["coral"].isna().tolist() == [True] * 3 + [False] * 3
    assert not set(faces) & {*MEASURES, *ESTIMATES, "blurred", "too_old"}
    description, model = faces.attrs["left_out"]
    assert "python -m agemodel data describe" in description
    assert "python -m agemodel export" in model


def test_measures_stand_beside_their_faces_whatever_their_order(shipped: Path) -> None:
    write_description(shipped, described(FILES).iloc[::-1])
    faces = read_faces()
    assert faces["sharpness"].tolist() == pytest.approx(
        [0.10, 0.11, 0.12, 0.13, 0.14, 0.15]
    )
    assert faces["no_face"].tolist() == [False, True, False, False, False, False]
    assert faces["greyscale"].tolist() == [False, False, True, False, False, False]
    assert faces["crossing"].all()  # one group, in all three splits
    assert len(faces.attrs["left_out"]) == 1


def test_face_that_is_not_described_has_unknown_measures(shipped: Path) -> None:
    write_description(shipped, described(FILES[:5]))
    last = read_faces().iloc[-1]
    assert np.isnan(last["sharpness"]) and np.isnan(last["map_y"])
    assert (last["duplicate_group"], last["exact_group"]) == (-1, -1)
    flags = ["no_face", "greyscale", "duplicate", "blurred", "small"]
    assert not last[flags].any()
    assert read_faces()["duplicate_group"].dtype == np.int32


def test_measures_without_a_value_are_read_as_nan(shipped: Path) -> None:
    frame = described(FILES)
    frame.loc[0, ["face_px", "yaw_deg", "map_x", "map_y"]] = None
    write_description(shipped, frame)
    first = read_faces().iloc[0]
    assert np.isnan(first[["face_px", "yaw_deg", "map_x"]].astype(float)).all()
    assert not first["small"] and not first["turned"]


def test_estimates_stand_beside_their_faces(shipped: Path) -> None:
    write_run(shipped, FILES[::-1][:5])  # all but the first
    faces = read_faces()
    assert np.isnan(faces["age_years"][0])
    assert faces["error_years"].tolist()[1:] == [9, 8, 7, 6, 5]  # 30 less 21 to 25
    assert faces["width_years"].tolist()[1:] == [15] * 5
    assert faces["suspicion"][1] == pytest.approx(9 / 15)
    assert faces["estimated_group"].isna().tolist() == [True] + [False] * 5
    assert set(faces["estimated_group"].dropna()) == {"30-39"}
    assert faces["outside"].tolist() == [False] + [True] * 4 + [False]
    outcomes = faces[["too_old", "gender_wrong", "gender_open"]]
    assert not outcomes.iloc[0].any()  # nothing is said of what is not estimated
    assert faces["gender_wrong"].tolist()[1:] == [False, True, False, True, False]


def test_damaged_description_is_left_out_and_told(shipped: Path) -> None:
    path = write_description(shipped, described(FILES))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    faces = read_faces()
    assert not set(faces) & set(MEASURES)
    assert "checksum" in faces.attrs["left_out"][0]


@pytest.mark.parametrize(
    "spoilt",
    [
        described(FILES).drop(columns="map_x"),
        pd.concat([described(FILES)] * 2),
        described([]),
    ],
    ids=["a column short", "every face twice", "empty"],
)
def test_description_that_does_not_fit_is_left_out(
    shipped: Path, spoilt: pd.DataFrame
) -> None:
    write_description(shipped, spoilt)
    faces = read_faces()
    assert not set(faces) & set(MEASURES)
    assert "git checkout" in faces.attrs["left_out"][0]
