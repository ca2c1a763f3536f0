import json
import random
import shutil
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agemodel.core.checksums import sha256_of
from agemodel.core.errors import DatasetError
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.index import (
    INDEX_SCHEMA,
    dataset_in_words,
    image_path,
    images_dir,
    read_index,
    read_rejects,
)
from agemodel.dataset.record import commit_record, read_record
from agemodel.dataset.splits import read_splits
from tests.harness.bit_flips import flipped
from tests.harness.dataset_archives import faces, splits_of, tiny_jpeg, write_tar

OLD = "70_1_4_20170116174525125.jpg.chip.jpg"
YOUNG = "3_0_2_2017011022340900.jpg.chip.jpg"


@pytest.fixture
def data_dir(tmp_path):
    files = [("UTKFace/" + OLD, tiny_jpeg(1)), ("UTKFace/" + YOUNG, tiny_jpeg(2))]
    source = write_tar(tmp_path / "a.tar.gz", [*files, ("UTKFace/notes.txt", b"hello")])
    splits = splits_of((OLD, "test", "test", ""), ("other.jpg", "train", "", "train"))
    import_dataset(source, tmp_path / "data", splits=splits)
    return tmp_path / "data"


def index_file(data_dir):
    return images_dir(data_dir).parent / "index.parquet"


def test_the_index_holds_labels_and_splits_sorted_by_file(data_dir):
    index = read_index(data_dir)
    assert index.columns.tolist() == INDEX_SCHEMA.names
    assert index["file"].tolist() == [YOUNG, OLD]  # "3" sorts before "7"
    assert index["age"].tolist() == [3, 70]
    assert index["gender"].tolist() == [0, 1]
    assert index["race"].tolist() == [2, 4]
    assert index["split"].tolist() == ["", "test"]
    assert index["coral"].tolist() == ["", "test"]
    assert index["seed"].tolist() == ["", ""]
    assert index["collected"].isna().tolist() == [True, False]
    assert index["collected"][1] == datetime(2017, 1, 16, 17, 45, 25, 125_000)


def test_the_rejects_are_read_with_their_reasons(data_dir):
    rejects = read_rejects(data_dir)
    assert rejects.to_dict("records") == [
        {"file": "notes.txt", "reason": "The file is not a JPEG image."}
    ]


def test_an_import_without_rejects_has_an_empty_table_of_them(tmp_path):
    import_dataset(write_tar(tmp_path / "a.tgz", faces(1)), tmp_path / "data")
    rejects = read_rejects(tmp_path / "data")
    assert (len(rejects), rejects.columns.tolist()) == (0, ["file", "reason"])


@pytest.mark.parametrize("name", ["../import.json", "/etc/passwd", "..", "", "a\\b"])
def test_a_name_with_a_path_in_it_is_refused(data_dir, name):
    with pytest.raises(DatasetError, match="not the name of an image"):
        image_path(data_dir, name)


def test_the_dataset_is_put_in_words_with_its_counts(data_dir):
    assert dataset_in_words(data_dir).startswith(
        "2 images (0 train, 0 val, 1 test, 1 in no split; 0 MB) and 1 refused, "
        "imported from a.tar.gz on 20"
    )


def test_without_an_import_every_reader_says_how_to_import(tmp_path):
    for reader in (read_index, read_rejects, images_dir, dataset_in_words):
        with pytest.raises(DatasetError, match="python -m agemodel data import"):
            reader(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_no_flipped_bit_in_a_table_goes_unnoticed(data_dir):
    rng = random.Random(0)
    for name, reader in (
        ("index.parquet", read_index),
        ("rejects.parquet", read_rejects),
    ):
        path = images_dir(data_dir).parent / name
        content = path.read_bytes()
        for position in rng.sample(range(len(content) * 8), 100):
            path.write_bytes(flipped(content, position))
            with pytest.raises(DatasetError, match="Import the dataset again"):
                reader(data_dir)


def test_no_flipped_bit_in_the_record_changes_what_is_read(data_dir):
    path = data_dir / "import.json"
    content = path.read_bytes()
    intact = read_record(data_dir)
    positions = random.Random(0).sample(range(len(content) * 8), 400)
    refused = 0
    for position in positions:
        path.write_bytes(flipped(content, position))
        try:
            # a flip in the spaces of the layout may leave the same content
            assert read_record(data_dir) == intact
        except DatasetError as error:
            assert "again" in str(error)
            refused += 1
    assert refused > 0.9 * len(positions)


def test_a_table_with_other_columns_is_refused(data_dir):
    pq.write_table(pa.table({"file": ["a"]}), index_file(data_dir))
    digest = sha256_of(index_file(data_dir).read_bytes())
    record = read_record(data_dir)
    commit_record(data_dir, replace(record, index_sha256=digest))
    with pytest.raises(DatasetError, match="no column age"):
        read_index(data_dir)


def test_a_missing_table_is_told(data_dir):
    index_file(data_dir).unlink()
    with pytest.raises(DatasetError, match=r"missing.*Import the dataset again"):
        read_index(data_dir)


def test_a_record_of_another_version_is_refused(data_dir):
    path = data_dir / "import.json"
    path.write_text(json.dumps({"format": 2, "check": "x"}))
    with pytest.raises(DatasetError, match="Import the dataset again"):
        read_index(data_dir)


def test_the_shipped_splits_hold_the_counts_of_their_description():
    splits = read_splits()
    assert splits.columns.tolist() == ["file", "split", "coral", "seed"]
    assert splits["file"].is_unique
    # counts as in the description of the splits
    assert splits["split"].value_counts().to_dict() == {
        "train": 17_063,
        "val": 1_898,
        "test": 4_743,
    }
    assert splits["coral"].value_counts()[["train", "test"]].tolist() == [13_146, 3_287]
    assert splits["seed"].value_counts()[["train", "test"]].tolist() == [4_000, 1_000]


def test_no_test_image_of_the_published_split_is_trained_on():
    splits = read_splits()
    assert set(splits.loc[splits["coral"] == "test", "split"]) == {"test"}


def test_a_folder_of_images_that_is_gone_is_told_with_the_way_to_mend_it(data_dir):
    shutil.rmtree(images_dir(data_dir))
    for reader in (images_dir, dataset_in_words):
        with pytest.raises(DatasetError, match=r"images is missing.*data import"):
            reader(data_dir)
