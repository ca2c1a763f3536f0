"""What a page sees of a run in another process."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from agemodel.footage import run_preview
from agemodel.footage.clip_reader import Frame
from agemodel.footage.clip_visits import AtFrame, FollowedFace
from agemodel.footage.run_preview import offered_preview, read_preview
from agemodel.footage.run_progress import Progress
from agemodel.images import read_image
from tests.harness.waiting import wait_until

RGB = np.full((240, 320, 3), 200, np.uint8)
FACE = FollowedFace(1, (100.0, 80.0, 160.0, 140.0), is_seen=True, is_visit=True)


def progress(time_s: float, rgb: np.ndarray = RGB) -> Progress:
    at = AtFrame(Frame(time_s, rgb), (FACE,), 2)
    return Progress("a.mp4", 1, 3, 60 + time_s, 180, 7, at)


@pytest.fixture
def path() -> Iterator[Path]:
    """Short: a socket's path has 107 characters at most."""
    with TemporaryDirectory() as folder:
        yield Path(folder) / "footage" / ".preview"


def test_the_newest_frame_is_shown_with_boxes_as_often_as_asked(path: Path) -> None:
    with offered_preview(path) as show:
        assert read_preview(path) is None  # nothing was looked at yet
        show(progress(1.0))
        show(progress(2.5))
        show(Progress("a.mp4", 2, 3, 120, 180, 9))  # between clips the last one stays
        first, second = read_preview(path), read_preview(path)
        assert first is not None and first == second
        assert (first.clip, first.time_s, first.visits) == ("a.mp4", 2.5, 7)
        shown = read_image(first.jpeg).rgb
        assert shown.shape == RGB.shape
        line = shown[110, 96:104]
        assert line.min() < 100 and line.max() > 240  # light, with a dark rim


def test_only_its_own_account_may_see_it_and_nothing_is_left(path: Path) -> None:
    with offered_preview(path) as show:
        show(progress(0.0))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(path.parent) == [path.name]
        assert stat.S_ISSOCK(path.stat().st_mode)  # no file that holds anything
    assert os.listdir(path.parent) == []
    assert read_preview(path) is None


def test_a_socket_that_a_killed_run_left_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert path.exists() and read_preview(path) is None
    with offered_preview(path) as show:
        show(progress(0.0))
        assert read_preview(path) is not None


def test_who_asks_and_reads_nothing_keeps_no_other_from_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_preview, "_PATIENCE_S", 0.2)
    noise = np.random.default_rng(0).integers(0, 255, (960, 960, 3), dtype=np.uint8)
    with offered_preview(path) as show, socket.socket(socket.AF_UNIX) as rude:
        show(progress(0.0, noise))  # more than a socket takes unread
        rude.connect(str(path))
        wait_until(lambda: read_preview(path) is not None)


def test_without_such_sockets_a_run_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = path.parent / ("x" * 120)
    with offered_preview(far) as show:
        show(progress(0.0))
        assert read_preview(far) is None
    monkeypatch.delattr(socket, "AF_UNIX")
    with offered_preview(path) as show:
        show(progress(0.0))
        assert read_preview(path) is None
