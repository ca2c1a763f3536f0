"""The Dataset page with a labelled set beside UTKFace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agemodel.core import paths
from agemodel.dataset.labelled_sets import AboutSet, import_labelled
from agemodel.dataset.labels_file import read_labels
from agemodel.explorer.model_estimates import run_of
from agemodel.explorer.set_table import read_set_faces
from agemodel.runs.run_folder import Run
from tests.harness.app_pages import after, opening, query_of, written

open_page = opening("dataset")
LABELS = """file,age_low,age_high,gender,split
a.jpg,30,30,female,train
b.png,20,36,,val
c.webp,0,2,male,test
"""


@pytest.fixture
def mine(local: Path) -> None:
    """Three faces of three kinds of files, imported as the set 'mine'."""
    source = local / "source"
    source.mkdir()
    for shade, name in enumerate(("a.jpg", "b.png", "c.webp")):
        Image.new("RGB", (32, 32), (90 * shade, 60, 60)).save(source / name)
    (local / "labels.csv").write_text(LABELS, "utf-8")
    about = AboutSet("mine", "My faces", "my own")
    labels = read_labels(local / "labels.csv")
    import_labelled(source, labels, paths.data_dir(), about)


@pytest.mark.usefixtures("mine")
def test_table_of_a_set_has_its_labels_as_they_were_given() -> None:
    faces = read_set_faces(paths.data_dir(), "mine")
    assert faces["label"].tolist() == ["30", "20 to 36", "0 to 2"]
    assert faces["age"].tolist() == [30, 28, 1]
    assert faces["age_group"].tolist() == ["30-39", "20-29", "0-2"]
    assert faces["gender"].tolist()[::2] == ["female", "male"]
    assert faces["gender"].isna().tolist() == [False, True, False]
    assert faces["split"].tolist() == ["train", "val", "test"]


def test_without_another_set_there_is_no_choice() -> None:
    page = open_page()
    assert "dataset_set_choice" not in [one.key for one in page.selectbox]


@pytest.mark.usefixtures("mine")
def test_set_is_chosen_and_shows_only_the_filters_that_it_has_labels_for() -> None:
    page = open_page(race="asian", view="map")
    after(page.selectbox(key="dataset_set_choice").set_value("mine"))
    assert query_of(page) == {"set": "mine"}
    assert "**3 of 3 faces**" in written(page)
    assert "My faces: 3 photos of faces. Terms: my own." in written(page)
    keys = {one.key for one in page.pills}
    assert {f"dataset_filter_{key}" for key in ("group", "gender", "split")} <= keys
    assert not {f"dataset_filter_{key}" for key in ("race", "error")} & keys
    after(page.pills(key="dataset_filter_gender").set_value(["male"]))
    assert "**1 of 3 faces**" in written(page)


@pytest.mark.usefixtures("mine")
def test_faces_of_a_set_open_and_say_what_is_known_of_them() -> None:
    page = open_page(set="mine", view="faces", sort="name")
    assert len(page.image) == 3
    tiles = [one for one in page.button if one.label.startswith("label ")]
    assert [one.label for one in tiles] == [
        "label 30",
        "label 20 to 36",
        "label 0 to 2",
    ]
    after(tiles[1].click())
    assert page.subheader[0].value == "Labelled 20 to 36 years"
    assert "In validation." in written(page)
    assert query_of(page)["face"] == "b.png"


@pytest.mark.usefixtures("mine")
def test_set_that_is_not_here_is_passed_over() -> None:
    page = open_page(set="theirs")
    assert "UTKFace" in written(page)
    assert query_of(page) == {}


@pytest.mark.usefixtures("mine")
def test_estimates_of_a_set_stand_beside_its_labels(local: Path) -> None:
    run = Run(local / "runs" / run_of().id)  # the app's model finds this one first
    run.folder.mkdir(parents=True)
    run.write_table(
        "set_predictions.parquet",
        pd.DataFrame(
            {
                "set": ["mine", "mine", "another"],
                "file": ["mine/b.png", "mine/c.webp", "another/a.jpg"],
                "split": ["val", "test", "val"],
                "label_low": np.array([20, 0, 1], np.int16),
                "label_high": np.array([36, 2, 1], np.int16),
                "gender": np.array([-1, 0, 0], np.int8),
                "age_years": np.array([42, 1, 1], np.float32),
                "age_low": np.array([37, 0, 0], np.float32),
                "age_high": np.array([50, 3, 3], np.float32),
                "p_female": np.array([0.99, 0.99, 0.01], np.float32),
            }
        ),
    )
    faces = read_set_faces(paths.data_dir(), "mine")
    # 42 is 6 years above the range that ends at 36, and 1 is inside 0 to 2
    assert faces["error_years"].fillna(-1).tolist() == [-1, 6, 0]
    assert faces["outside"].tolist() == [False, True, False]
    assert faces["gender_wrong"].tolist() == [False, False, True]
    page = open_page(set="mine", view="faces", sort="name")
    tiles = [one.label for one in page.button if "label " in one.label]
    assert tiles == [
        "label 30",
        ":orange[est. 42, label 20 to 36]",
        "est. 1, label 0 to 2",
    ]
    page = open_page(set="mine", face="b.png")
    assert "Estimated **42 years**, 6.0 years too old" in written(page)
