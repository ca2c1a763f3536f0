"""Pages whose disk is full or closed: a sentence in the place of a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agemodel.explorer import marks
from agemodel.explorer.marks import mark_faces, read_marks
from agemodel.jobs import control
from tests.harness.app_pages import after, press, run_script
from tests.harness.coloured_faces import import_coloured_faces

FACE = "0000001.jpg"


@pytest.fixture(autouse=True)
def folders(local: Path) -> Path:
    """A dataset, and no runs."""
    import_coloured_faces(local, train=8, val=4, test=2)
    return local


def refusing(number: int) -> Callable[..., None]:
    """What the system does on such a disk."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def marking() -> None:
    """The script under test: the marking of one face."""
    from ui.dataset.mark_panel import show_marking

    show_marking("0000001.jpg")


def training() -> None:
    """The script under test: the view 'Train'."""
    from ui.training.start_form import show_start

    show_start()


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.ENOSPC, "is full. Free some room"), (errno.EROFS, "is read-only. Make it")],
)
def test_mark_that_the_disk_refuses_is_told_and_the_old_one_stays(
    folders: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    mark_faces(folders / "data", [FACE], "doubtful", "mine")
    page = run_script(marking)
    with monkeypatch.context() as patch:
        patch.setattr(marks, "write_whole", refusing(number))
        after(page.segmented_control(key="dataset_mark").set_value("wrong"))
    said = page.text[-1].value
    assert said.startswith("The marks cannot be written: ")
    assert why in said
    assert str(folders / "data") in said
    assert read_marks(folders / "data")[FACE].verdict == "doubtful"
    # And once the disk is mended, the same click works.
    page.segmented_control(key="dataset_mark").set_value("wrong").run()
    assert not page.error
    assert read_marks(folders / "data")[FACE].verdict == "wrong"


def test_training_that_the_disk_refuses_is_told_with_the_folder(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "open_run", refusing(errno.EROFS))
    page = run_script(training)
    press(page, "Start training")
    said = " ".join(text.value for text in page.text)
    assert f"{folders / 'runs'} is read-only. Make it writable" in said
    assert "AGEMODEL_RUNS" in said
