"""A visit without a browser, on a server whose every step is noted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.serving import Estimator
from tests.drills.privacy import nothing_written
from tests.harness.canary import make_canaries
from tests.harness.visitor import Visitor
from tests.harness.watched import (
    NOTES,
    Watched,
    called,
    files_with,
    watch_server,
    written,
)

GROUP = paths.SAMPLES / "three-portraits.jpg"
HOOK = paths.ROOT / "tests" / "harness" / "watch"


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watch_server(tmp_path_factory.mktemp("watched")) as running:
        yield running


def test_visitor_gets_an_estimate_for_every_face(watched: Watched) -> None:
    with Visitor(watched.server.url) as visitor:
        page = visitor.open()
        assert not page.failed
        assert page.ages == []
        drawn = visitor.upload(page, GROUP.name, GROUP.read_bytes())
        assert not drawn.failed
        assert len(drawn.ages) == 3
        pictures = visitor.fetch(drawn.pictures)
        assert len(pictures) == 4  # the photo with boxes and three crops
        assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
        files = visitor.download(drawn)
        assert any(file.startswith(b"\x89PNG") for file in files)
        assert any(b"age_years" in file for file in files)


@pytest.mark.parametrize("page", ["dataset", "training", "evaluation", "about"])
def test_visitor_opens_every_page(watched: Watched, page: str) -> None:
    with Visitor(watched.server.url) as visitor:
        drawn = visitor.open(page)
    assert not drawn.failed
    assert page.capitalize() in drawn.texts


def test_photos_are_neither_logged_nor_written(watched: Watched) -> None:
    canaries = make_canaries(Estimator.load(workers=1))
    assert max(len(content) for _, content in canaries[0]) > 1024**2
    findings = nothing_written(watched, canaries)
    assert [finding.kept for finding in findings] == [True] * 4
    assert called(watched.events()) == []


def test_what_a_process_writes_and_whom_it_calls_is_noted(tmp_path: Path) -> None:
    notes, made = tmp_path / "notes", tmp_path / "made.txt"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        script = (
            f"import socket; open({str(made)!r}, 'w').write('mark'); open('/dev/null');"
            f"socket.create_connection(('127.0.0.1', {port}))"
        )
        environment = os.environ | {"PYTHONPATH": str(HOOK), NOTES: str(notes)}
        subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    watched = Watched(None, tmp_path, tmp_path, notes)  # type: ignore[arg-type]
    assert written(watched.events()) == [str(made)]
    assert str(("127.0.0.1", port)) in called(watched.events())
    assert files_with([tmp_path], {"text": b"mark"}, since_s=0) == [made]
    assert set(files_with([tmp_path], {"name": b"made.txt"}, since_s=0)) == {
        made,
        notes,
    }
