from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.serving import read_sample, read_samples


def test_samples_are_small_sound_and_free_of_metadata() -> None:
    samples = read_samples()
    assert len(samples) >= 4
    for sample in samples:
        assert len(read_sample(sample)) < 300_000  # and its checksum held
        with Image.open(paths.SAMPLES / sample.file) as picture:
            assert not picture.getexif()
            assert not {"icc_profile", "xmp", "photoshop"} & set(picture.info)


def test_every_file_of_the_folder_is_in_the_manifest() -> None:
    shipped = {path.name for path in paths.SAMPLES.iterdir()} - {"manifest.json"}
    assert shipped == {sample.file for sample in read_samples()}


def test_sample_says_what_is_known_of_the_age() -> None:
    known = {sample.file: sample.known for sample in read_samples()}
    # born 1961-08-04, photographed 2012-12-06
    assert known["barack-obama.jpg"] == (
        "Age when the photo was taken: Barack Obama 51."
    )


def test_damaged_list_of_samples_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "samples").mkdir()
    for name in ("manifest.json", "samples/manifest.json"):
        shutil.copy(paths.ASSETS / name, tmp_path / name)
    monkeypatch.setattr(paths, "ASSETS", tmp_path)
    assert read_samples()
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-1])
    with pytest.raises(ModelError, match="git checkout"):
        read_samples()
