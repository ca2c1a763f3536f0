from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from agemodel import cli
from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import ModelError
from agemodel.core.labels import AGE_GROUPS
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.index import images_dir, read_index
from agemodel.explorer import description
from agemodel.explorer.averages import read_averages
from agemodel.explorer.description import describe
from agemodel.explorer.face_measures import FILE, SCHEMA
from agemodel.faces import crop_square, quality_of, square_of_detection
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image
from tests.harness.dataset_archives import splits_of
from tests.harness.made_models import write_model

COUNT = 120
SIDE_PX = 100
INPUT_PX = 128  # of the made card
GREY, TINTED, MIRRORED, EXACT, NOT_FOUND = 3, 4, 90, 95, 7
"""Rows that are special: 90 and 95 are copies, of 20 mirrored and of 30 as it is."""


def name_of(row: int) -> str:
    """Names in the order of the rows; all of one age group, gender and race."""
    return f"25_0_0_20170101{row:09d}.jpg.chip.jpg"


def split_of(row: int) -> str:
    return "test" if row >= 80 else "train"


def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = [_picture(rng) for _ in range(COUNT)]
    grey = made[GREY].mean(axis=2, keepdims=True).astype(np.uint8)
    made[GREY] = np.repeat(grey, 3, axis=2)
    made[TINTED] = (made[GREY] * [1.0, 0.9, 0.75]).astype(np.uint8)
    made[MIRRORED] = np.ascontiguousarray(made[20][:, ::-1])
    made[EXACT] = made[30]
    return made


def _picture(rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=(SIDE_PX, SIDE_PX, 3))
    blobs = cv2.GaussianBlur(noise, (0, 0), 5)
    return np.clip(128 + 40 * blobs / blobs.std(), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("described")
    (folder / "source").mkdir()
    for row, picture in enumerate(pictures()):
        path = folder / "source" / name_of(row)
        Image.fromarray(picture).save(path, "JPEG", quality=95, subsampling=0)
    rows = [(name_of(row), split_of(row), "", "") for row in range(COUNT)]
    import_dataset(folder / "source", folder / "data", splits=splits_of(*rows))
    return folder / "data"


@pytest.fixture(scope="module", autouse=True)
def crops() -> Iterator[pd.DataFrame]:
    """Faces are found without a detector, all but one."""
    rows = np.arange(COUNT)
    table = pd.DataFrame(
        {
            "found": rows != NOT_FOUND,
            "x": 50.0 + rows % 5,
            "y": 45.0,
            "side_px": 70.0 + rows % 20,
            "angle_deg": 0.0,
            "yaw_deg": np.where(rows == NOT_FOUND, 0, rows % 30 - 15.0),
        },
        index=pd.Index(map(name_of, rows), name="file"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            description, "read_crops", lambda data, files, progress: table.loc[files]
        )
        yield table


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without embeddings."""
    return write_model(tmp_path_factory.mktemp("models") / "mobile")


Described = tuple[Path, pd.DataFrame, str]


@pytest.fixture(scope="module")
def described(
    data_dir: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Described:
    """The folder that the faces are described in, their table, and what was said."""
    folder = tmp_path_factory.mktemp("out")
    words = describe(data_dir, model_folder, folder=folder)
    return folder, read_table(folder).to_pandas(), words


def model_that_knows(folder: Path, rows: range) -> Path:
    """A model with embeddings, in two bundles, of some of the faces."""
    rng = np.random.default_rng(0)
    bundle = np.eye(64)[[row % 2 for row in rows]]
    values = (bundle + 0.1 * rng.normal(size=bundle.shape)).astype("<f2")
    table = pa.table(
        {
            "file": [name_of(row) for row in rows],
            "embedding": [value.tobytes() for value in values],
        }
    )
    return write_model(folder, table)


def read_table(folder: Path) -> pa.Table:
    return pq.read_table(pa.BufferReader(read_verified(folder, FILE)))


def test_table_has_a_row_a_face_with_the_promised_columns(
    data_dir: Path, described: Described
) -> None:
    table = read_table(described[0])
    assert table.schema.equals(SCHEMA.arrow, check_metadata=True)
    assert table["file"].to_pylist() == read_index(data_dir)["file"].tolist()
    assert not any(pa.types.is_binary(field.type) for field in table.schema)


def test_quality_is_that_of_the_crop_that_the_model_sees(
    data_dir: Path, described: Described, crops: pd.DataFrame
) -> None:
    faces = described[1].set_index("file")
    for row in (0, 11, NOT_FOUND):
        file = name_of(row)
        rgb = read_image(images_dir(data_dir) / file).rgb
        crop = crop_square(rgb, square_of_row(crops.loc[file]), INPUT_PX)
        quality = quality_of(rgb, crop, None)
        found = faces.loc[file]
        assert found["sharpness"] == pytest.approx(quality.sharpness, abs=6e-5)
        assert found["brightness"] == pytest.approx(quality.brightness, abs=0.06)
    # 70 + 11 px and 11 - 15 degrees
    assert faces.loc[name_of(11), ["face_px", "yaw_deg"]].tolist() == [81, -4]
    assert faces.loc[name_of(NOT_FOUND), ["face_px", "yaw_deg"]].isna().all()
    assert faces.index[~faces["found"]].tolist() == [name_of(NOT_FOUND)]


def test_greyscale_is_what_has_no_colour_at_all(described: Described) -> None:
    assert np.flatnonzero(described[1]["greyscale"]).tolist() == [GREY]


def test_duplicates_are_grouped_and_those_across_the_splits_counted(
    described: Described,
) -> None:
    _, faces, words = described
    groups = faces["duplicate_group"]
    # 3 and 4 differ in colour only: the third pair, after the one mirrored
    expected = {GREY: 0, TINTED: 0, 20: 1, MIRRORED: 1, 30: 2, EXACT: 2}
    assert groups[groups >= 0].to_dict() == expected
    exact = faces["exact_group"]
    assert exact[exact >= 0].to_dict() == {30: 0, EXACT: 0}
    # 20 and 30 are in train, 90 and 95 in test
    assert words.startswith(
        "120 faces described, 1 of them without a face found, 1 greyscale. 6 faces are "
        "duplicates, of 3 photos; 2 are exact. 2 photos are in train and in test: 2 "
        "test faces have a duplicate in train. 4 average faces. "
    )


def test_averages_leave_out_copies_and_what_is_no_face(described: Described) -> None:
    averages = read_averages(described[0])
    # 120 without three copies and the one in which no face was found
    assert averages["n"].tolist() == [116] * 4
    assert set(averages["age_group"]) == {"20-29"}
    left_out = {TINTED, MIRRORED, EXACT, NOT_FOUND}
    kept = [picture for row, picture in enumerate(pictures()) if row not in left_out]
    mean = cv2.resize(np.mean(kept, axis=0), (128, 128), interpolation=cv2.INTER_AREA)
    found = read_image(averages["jpeg"][0]).rgb
    assert np.abs(found - mean).mean() < 1.5  # JPEG, twice


def test_the_same_faces_give_the_same_bytes(
    data_dir: Path, model_folder: Path, described: Described, tmp_path: Path
) -> None:
    describe(data_dir, model_folder, folder=tmp_path)
    first, second = (
        {file.name: file.read_bytes() for file in folder.iterdir()}
        for folder in (described[0], tmp_path)
    )
    assert first == second
    assert set(first) == {"averages.parquet", "faces.parquet", "manifest.json"}


def test_progress_is_told_and_the_manifest_says_where_the_files_are_from(
    data_dir: Path, model_folder: Path, tmp_path: Path
) -> None:
    other = {"sha256": "0" * 64, "source": "by hand", "licence": "free"}
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"files": {"splits.csv": other}}), "utf-8")
    reports: dict[str, tuple[int, int | None]] = {}
    describe(
        data_dir,
        model_folder,
        lambda done, total, text: reports.update({text: (done, total)}),
        tmp_path,
    )
    assert reports["measuring faces"] == (COUNT, COUNT)
    assert reports["averaging faces"] == (COUNT - 4, COUNT - 4)
    entries = json.loads(manifest.read_text("utf-8"))["files"]
    assert entries.pop("splits.csv") == other
    assert set(entries) == {"averages.parquet", "faces.parquet"}
    for entry in entries.values():
        assert "UTKFace" in entry["source"]
        assert "research only" in entry["licence"]
        assert "not pictures of single people" in entry["licence"]


def test_without_embeddings_there_is_no_map_and_the_reason_is_given(
    described: Described,
) -> None:
    _, faces, words = described
    assert faces[["map_x", "map_y"]].isna().all(axis=None)
    assert "python -m agemodel export" in words.partition("No map: ")[2]


def test_embeddings_place_the_faces_that_the_model_knows(
    data_dir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("sklearn.manifold")
    model = model_that_knows(tmp_path / "mobile", range(COUNT - 10))
    words = describe(data_dir, model, folder=tmp_path / "out")
    places = read_table(tmp_path / "out").to_pandas()[["map_x", "map_y"]].to_numpy()
    assert words.endswith("The map is there.")
    assert np.isnan(places[-10:]).all()
    known = places[:-10]
    assert 0 <= known.min() < known.max() <= 1
    # Two bundles, by whether the row is odd: each face's nearest is of its own.
    apart = np.linalg.norm(known[:, None] - known, axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (apart.argmin(axis=1) % 2 == np.arange(len(known)) % 2).all()


def test_too_few_embeddings_make_no_map(data_dir: Path, tmp_path: Path) -> None:
    model = model_that_knows(tmp_path / "mobile", range(20))
    words = describe(data_dir, model, folder=tmp_path / "out")
    assert "20 faces only" in words


def test_missing_model_is_told_before_anything_is_written(
    data_dir: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="python -m agemodel export"):
        describe(data_dir, tmp_path / "none", folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_command_describes_the_imported_dataset(
    data_dir: Path,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AGEMODEL_DATA", str(data_dir))
    monkeypatch.setenv("AGEMODEL_MODELS", str(model_folder.parent))
    monkeypatch.setattr(paths, "SPLITS", tmp_path / "utkface" / "splits.csv")
    assert cli.main(["data", "describe"]) == 0
    assert "120 faces described, 1 of them without" in capsys.readouterr().out
    assert read_table(tmp_path / "utkface").num_rows == COUNT


def test_portrait_is_measured_as_the_detector_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description, "read_crops", read_crops)
    photo = read_image(paths.SAMPLES / "eileen-collins.jpg").rgb
    detector = FaceDetector()
    face = detector.detect(photo)[0]
    around = square_of_detection(face).jittered(1.05, (0, 0), 0)
    source = tmp_path / "source"
    source.mkdir()
    Image.fromarray(crop_square(photo, around, 200)).save(source / name_of(0))
    import_dataset(source, tmp_path / "data", splits=splits_of())
    model = write_model(tmp_path / "mobile")
    words = describe(tmp_path / "data", model, folder=tmp_path / "out")
    (found,) = read_table(tmp_path / "out").to_pylist()
    chip = read_image(images_dir(tmp_path / "data") / name_of(0)).rgb
    again = detector.detect_in_chip(chip)
    assert again is not None
    assert found["face_px"] == pytest.approx(again.size_px, abs=0.06)
    assert found["yaw_deg"] == pytest.approx(again.yaw_deg, abs=0.06)
    assert 150 < found["face_px"] < 230  # 200 / 1.05 = 190, as the detector jitters
    assert words.startswith("1 faces described, 0 of them without a face found")
    assert " 0 faces are duplicates" in words


SHIPPED = paths.SPLITS.parent


def test_shipped_description_is_sound_and_small() -> None:
    table = read_table(SHIPPED)
    assert table.schema.equals(SCHEMA.arrow)
    splits = pd.read_csv(paths.SPLITS, usecols=["file"])["file"]
    assert table["file"].to_pylist() == sorted(splits)
    averages = read_averages(SHIPPED)
    assert averages["n"].min() >= 25
    assert set(averages["age_group"]) == set(AGE_GROUPS)
    assert (SHIPPED / "averages.parquet").stat().st_size < 600_000
    assert (SHIPPED / FILE).stat().st_size < 1_000_000
