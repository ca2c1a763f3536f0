from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from agemodel.core.errors import DatasetError
from agemodel.dataset.copies import find_copies, read_copies
from agemodel.dataset.index import UNKNOWN, read_index, read_rejects
from agemodel.dataset.labelled_faces import recipe_faces
from agemodel.dataset.labelled_sets import (
    AboutSet,
    import_labelled,
    read_about,
    set_dir,
    set_names,
    sets_in,
)
from agemodel.dataset.labels_file import SPLIT_SHARES, read_labels, split_of
from agemodel.runs.config import TrainConfig
from tests.harness.coloured_faces import import_coloured_faces

ABOUT = AboutSet("mine", "Mine", "my own")


def noise(seed: int, size: int = 64) -> Image.Image:
    """A picture of blurred noise, unlike any other seed's."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 9, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Six images of three kinds in two folders, one of them damaged."""
    folder = tmp_path / "source"
    for place, kind in enumerate(("PNG", "JPEG", "WEBP") * 2):
        path = folder / f"part{place % 2}" / f"{place}.{kind.lower()}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(place), kind))
    (folder / "part0" / "4.jpeg").write_bytes(b"\xff\xd8\xff damaged")
    return folder


def labels_of(tmp_path: Path, text: str) -> pd.DataFrame:
    path = tmp_path / "labels.csv"
    path.write_text(text, "utf-8")
    return read_labels(path)


ROWS = """file,age_low,age_high,gender,split,person
part0/0.png,30,30,female,train,a
part1/1.jpeg,20.6,36,,val,b
part0/2.webp,0,2,male,test,c
part0/4.jpeg,5,5,male,train,d
part1/9.png,5,5,male,train,e
"""


def test_a_labelled_folder_becomes_a_set_beside_utkface(
    source: Path, tmp_path: Path
) -> None:
    labels = labels_of(tmp_path, ROWS)
    report = import_labelled(source, labels, tmp_path / "data", ABOUT)
    assert set_names(tmp_path / "data") == ["mine"]
    assert read_about(tmp_path / "data", "mine") == ABOUT
    folder = set_dir(tmp_path / "data", "mine")
    index = read_index(folder).set_index("file")
    columns = ["age", "age_low", "age_high", "gender", "race", "split", "person"]
    assert index[columns].T.to_dict("list") == {
        "part0__0.png": [30, 30, 30, 1, UNKNOWN, "train", "a"],
        "part1__1.jpeg": [28, 21, 36, UNKNOWN, UNKNOWN, "val", "b"],
        # An age of 0 is one that a network can answer at least nearly: 1.
        "part0__2.webp": [1, 0, 2, 0, UNKNOWN, "test", "c"],
    }
    # 3 and 5 have no label, 4 is damaged, 9 is not there.
    assert report.reasons == {
        "The labels do not name this file.": 2,
        "The image cannot be decoded.": 1,
        "The labels name this file, but it is not there.": 1,
    }
    assert len(read_rejects(folder)) == 4
    assert import_labelled(source, labels, tmp_path / "data", ABOUT).already_there


def test_without_a_split_no_person_is_in_two_parts(
    source: Path, tmp_path: Path
) -> None:
    rows = ["file,age,person", "part0/0.png,3,a", "part1/1.jpeg,30,a"]
    labels = labels_of(tmp_path, "\n".join(rows))
    import_labelled(source, labels, tmp_path / "data", ABOUT)
    splits = read_index(set_dir(tmp_path / "data", "mine"))["split"]
    assert splits.tolist() == [split_of("a")] * 2
    parts = pd.Series([split_of(str(number)) for number in range(2000)])
    shares = parts.value_counts(normalize=True)[["train", "val", "test"]]
    # Four standard deviations of a share of 2,000 are 0.036 at most.
    assert shares.to_numpy() == pytest.approx(SPLIT_SHARES, abs=0.036)


def test_each_source_of_the_labels_is_a_set_of_its_own(tmp_path: Path) -> None:
    text = "file,age,source\na.png,3,Images of Groups\nb.png,4,APPA-REAL\n"
    sets = list(sets_in(labels_of(tmp_path, text), None, "research"))
    assert [about.name for about, _ in sets] == ["images-of-groups", "appa-real"]
    assert [part["file"].tolist() for _, part in sets] == [["a.png"], ["b.png"]]
    with pytest.raises(DatasetError, match=r"of 2 sources.*leave --name out"):
        list(sets_in(labels_of(tmp_path, text), "both", ""))
    with pytest.raises(DatasetError, match=r"Give the set a name"):
        list(sets_in(labels_of(tmp_path, "file,age\na.png,3\n"), None, ""))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("age\n3\n", "no column file"),
        ("file\na\n", "no column age"),
        ("file,age\na,old\n", r"Row 2 .*\(a\).*an age from 0 to 200"),
        ("file,age_low,age_high\na,9,3\n", "the lower before the higher"),
        ("file,age,gender\na,3,x\n", "male, female or nothing"),
        ("file,age,split\na,3,dev\n", "train, val, test or nothing"),
        ("file,age\na,3\na,4\n", r"Row 3 .*each file once"),
        ("file,age\n", "names no file"),
    ],
)
def test_labels_that_cannot_be_used_say_what_is_wrong(
    text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=words):
        labels_of(tmp_path, text)


def test_the_official_forms_are_read(tmp_path: Path) -> None:
    fairface = tmp_path / "fairface_label_train.csv"
    fairface.write_text(
        "file,age,gender,race,service_test\ntrain/1.jpg,50-59,Male,East Asian,True\n"
        "val/2.jpg,more than 70,Female,Indian,False\n"
    )
    appa = tmp_path / "gt_avg_train.csv"
    header = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
    appa.write_text(f"{header}000000.jpg,36,5.1,1.0,4\n")
    (tmp_path / "gt_avg_valid.csv").write_text(f"{header}004113.jpg,38,30.0,2.0,29\n")
    all_ages = tmp_path / "train.txt"
    all_ages.write_text("00001A02.jpg 0\n00002A80.jpg 1\n")
    columns = ["file", "age_low", "age_high", "gender", "split"]
    found = {
        form: read_labels(path, form)[columns].to_numpy().tolist()
        for form, path in (
            ("fairface", fairface),
            ("appa-real", appa),
            ("all-age-faces", all_ages),
        )
    }
    assert found == {
        "fairface": [
            ["train/1.jpg", 50, 59, 0, "train"],
            ["val/2.jpg", 70, 116, 1, "val"],
        ],
        "appa-real": [
            ["train/000000.jpg_face.jpg", 4, 4, UNKNOWN, "train"],
            ["valid/004113.jpg_face.jpg", 29, 29, UNKNOWN, "val"],
        ],
        "all-age-faces": [
            ["00001A02.jpg", 2, 2, 1, "train"],
            ["00002A80.jpg", 80, 80, 0, "train"],
        ],
    }


def test_a_recipe_learns_from_several_sets_but_not_from_copies(
    tmp_path: Path,
) -> None:
    data = import_coloured_faces(tmp_path, train=2, val=1, test=1)
    folder = tmp_path / "more"
    folder.mkdir()
    noise(1).save(folder / "1.png")
    noise(2).save(folder / "2.png")
    text = "file,age,split\n1.png,30,train\n2.png,30,val\n"
    import_labelled(folder, labels_of(tmp_path, text), data, ABOUT)
    (folder / "1.png").unlink()
    noise(2, 80).save(folder / "2.jpg", quality=80)  # scaled and encoded anew
    text = "file,age,gender,split\n2.jpg,31,male,train\n"
    other = AboutSet("other", "Other", "")
    import_labelled(folder, labels_of(tmp_path, text), data, other)
    assert find_copies(data, "other").to_numpy().tolist() == [
        ["2.jpg", "mine", "2.png"]
    ]
    assert read_copies(data, "mine").empty  # it came first
    config = TrainConfig(
        "all",
        "mobile",
        framing="chip",
        data=("utkface", "mine", "other"),
        data_weights=(1, 2, 3),
    )
    faces = recipe_faces(config, data)
    mine = faces[faces["set"] == "mine"]
    assert mine["file"].tolist() == ["mine/1.png", "mine/2.png"]
    assert mine["weight"].tolist() == [2, 2]
    assert not (faces["set"] == "other").any()
    assert all(path.exists() for path in faces["path"])
    utkface = faces[faces["set"] == "utkface"]
    assert len(utkface) == 4
    assert (utkface["age_low"] == utkface["age"]).all()


def test_a_recipe_names_sets_that_are_there(tmp_path: Path) -> None:
    data = import_coloured_faces(tmp_path, train=2, val=1, test=1)
    config = TrainConfig("all", "mobile", framing="chip", data=("utkface", "mine"))
    with pytest.raises(DatasetError, match=r"no data set 'mine' here.*are: utkface"):
        recipe_faces(config, data)
