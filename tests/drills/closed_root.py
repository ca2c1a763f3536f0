"""The app on a root that nobody can write to, but for a folder of temporary files."""

from __future__ import annotations

import os
from pathlib import Path

from agemodel.core import paths
from agemodel.serving.samples import read_sample, read_samples
from tests.harness.driver import run_server
from tests.harness.findings import Finding, all_of
from tests.harness.small_disk import close_root
from tests.harness.visitor import Visitor

PAGES = ("", "dataset", "training", "evaluation", "about")


def estimates_on_closed_root(folder: Path) -> list[Finding]:
    """Close the root for good, start the app, and let it estimate.

    Only for a process that has a mount table of its own.

    Args:
        folder: the one that stays open.
    """
    close_root(folder)
    _check_closed()
    os.environ["TMPDIR"] = str(folder)
    return _visit(folder)


def _visit(folder: Path) -> list[Finding]:
    with run_server(folder) as server:
        samples = read_samples()
        judged = sum(_is_judged(server.url, read_sample(one)) for one in samples)
        drawn = sum(_is_drawn(server.url, page) for page in PAGES)
    return [
        all_of("Read-only root: photos that the app estimates", judged, len(samples)),
        all_of("Read-only root: pages that are drawn", drawn, len(PAGES)),
    ]


def _check_closed() -> None:
    try:
        (paths.ROOT / ".closed").touch()
    except OSError:
        return
    raise RuntimeError("The root can be written to.")


def _is_judged(url: str, photo: bytes) -> bool:
    with Visitor(url) as visitor:
        drawn = visitor.upload(visitor.open(), "photo.jpg", photo)
        return bool(drawn.ages) and not drawn.failed


def _is_drawn(url: str, page: str) -> bool:
    with Visitor(url) as visitor:
        drawn = visitor.open(page)
        return bool(drawn.texts) and not drawn.failed
