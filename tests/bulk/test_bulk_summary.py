from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from agemodel import cli
from agemodel.bulk import BulkOptions
from agemodel.bulk.bulk_summary import summarize
from agemodel.core.errors import BulkError
from tests.harness.bulk_photos import run_inline, write_photos

PHOTOS = 90


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over photos of known ages; every distribution is one whole year."""
    folder = tmp_path_factory.mktemp("bulk")
    photos = write_photos(folder / "photos", PHOTOS)
    photos[0].write_bytes(b"no picture")
    options = BulkOptions(workers=1, shard_files=40)
    run_inline(folder / "photos", folder / "out", options)
    return folder / "out"


def ages() -> np.ndarray:
    """Of the faces with an age: see `write_photos`."""
    return np.array([21 + n % 70 for n in range(PHOTOS) if n % 3])


def test_summary_counts_all_and_shares_those_with_an_age(out: Path) -> None:
    found = summarize(str(out), "four")
    # of 90 photos a third have no face, a third one, a third a second without an age
    assert (found.counts.files, found.counts.faces, found.counts.errors) == (90, 90, 1)
    assert (found.with_age, found.doubtful, found.used) == (60, 0, 60)
    (bands, by_band), (genders, by_gender) = found.shares
    assert bands.parts == ("0-19", "20-39", "40-59", "60+")
    truth = np.histogram(ages(), [0, 20, 40, 60, 200])[0] / 60
    assert by_band.share == pytest.approx(truth, abs=0.01)
    assert (by_band.low <= truth).all() and (truth <= by_band.high).all()
    assert (by_band.high - by_band.low).max() > 0.02
    assert genders.parts == ("male", "female")
    assert by_gender.share[1] > 0.9  # p(female) is 0.97 everywhere


def test_of_very_many_faces_an_evenly_spread_part_is_used(out: Path) -> None:
    found = summarize(str(out), "four", most=30)
    # 90 faces make every third of the 60 with an age, across the shards
    assert (found.with_age, found.used) == (60, 20)
    kept = np.histogram(ages()[::3], [0, 20, 40, 60, 200])[0] / 20
    assert found.shares[0][1].share == pytest.approx(kept, abs=0.02)


def test_summary_of_a_damaged_part_names_it(out: Path) -> None:
    part = out / "faces" / "part-000001.parquet"
    whole = part.read_bytes()
    try:
        part.write_bytes(whole[:-50])
        with pytest.raises(BulkError, match=r"Delete faces/part-000001\.parquet"):
            summarize(str(out))
    finally:
        part.write_bytes(whole)


def test_the_command_says_the_same_in_words_and_json(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["summarize", str(out), "--bands", "three"]) == 0
    words = capsys.readouterr().out.splitlines()
    assert words[0] == "90 of 90 files, 1 of them failed."
    assert cli.main(["summarize", str(out), "--bands", "three", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["files"], record["failed"], record["with_age"]) == (90, 1, 60)
    first = record["shares"]["three"][1]
    said = f"20-49 {first['share']:.1%} ({first['low']:.1%} to {first['high']:.1%})"
    assert said in words[2]
    assert cli.main(["summarize", str(tmp_path)]) == 1
    assert "holds no bulk run" in capsys.readouterr().err
