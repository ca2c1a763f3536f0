"""The drill of disks: real ones that are full, read-only or forbidden, with marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.drills.refusals import FULL, READ_ONLY, Work, _is_told
from tests.harness.made_home import Done, Home
from tests.harness.measurements import Missing
from tests.harness.small_disk import found_on_small_disks

MARKS = """
import json, sys
from pathlib import Path
from tests.drills import disk
from tests.harness.made_home import Home
from tests.harness.small_disk import mount_small_disk

home = Home(Path(sys.argv[1]))
mount_small_disk(home.data, 1)
record = disk._refused(home, "Marks", disk._markings(home))
print(json.dumps([record.came, record.wrong]))
"""


def test_marks_are_refused_with_a_sentence_and_go_on_once_the_disk_is_repaired(
    tmp_path: Path,
) -> None:
    try:
        found = found_on_small_disks("-c", MARKS, tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))
    assert found == [[[True] * 3] * 3, []]


@pytest.mark.parametrize(
    ("code", "said", "is_told"),
    [
        (1, "the disk of /d is full. Free some room, or AGEMODEL_DATA", True),
        (0, "the disk of /d is full. Free some room, or AGEMODEL_DATA", False),
        (1, "the disk is full. Free some room, or AGEMODEL_DATA", False),
        (1, "the disk of /d is full. Free some room.", False),
        (1, "the disk of /d is full: AGEMODEL_DATA", False),
        (1, "Traceback: /d Free AGEMODEL_DATA", False),
    ],
)
def test_crash_or_half_a_sentence_does_not_pass_for_a_sentence(
    code: int, said: str, is_told: bool
) -> None:
    work = Work(Path("/d"), "AGEMODEL_DATA", (), lambda: None)
    assert _is_told(Done(code, said), work, FULL) is is_told
    assert not _is_told(Done(code, said), work, READ_ONLY)


def test_command_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harness.made_home.PATIENCE_S", 0.2)
    home = Home(tmp_path)
    assert home.end(home.begin(["sleep", "60"]), 0).code == -9
