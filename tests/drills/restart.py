"""The server killed at random moments: how soon it is back, and what is still there."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from websockets.exceptions import WebSocketException

from agemodel.core import paths
from tests.harness.findings import Finding, all_of, at_most
from tests.harness.project_copy import KillableServer, project_copy, run_inside
from tests.harness.visitor import Visitor
from tests.harness.waiting import pass_time

PROMISE = """
Kill the server at any moment with -9: started again it is ready, and has given a
visitor the first estimate, in under 10 s, and every finished run, mark and import is
there.
"""

KILLS = 20
BACK_WITHIN_S = 10.0
LONGEST_WAIT_S = 2.0
PAGES = ("", "dataset", "training", "evaluation", "about")
SAMPLE = "eileen-collins.jpg"
MARKED = 5


def run() -> tuple[list[Finding], list[str]]:
    """Kill it in turn while it starts, idles, estimates and draws pages."""
    moments = (_start_in_vain, _idle, _estimate, _draw)
    rng, back_s, ages = random.Random(0), [], list[str]()
    with project_copy() as root:
        run_inside(root, ["tests.drills.restart"], 600)
        before = digests(root)
        server = KillableServer(root)
        for number in range(KILLS):
            try:
                moments[number % len(moments)](server, rng)
            finally:
                server.kill()
            try:
                began = time.monotonic()
                server.start()
                ages += _first_estimate(server.url)
                back_s.append(time.monotonic() - began)
            finally:
                server.kill()
        after = digests(root)
    kept = sum(after.get(name) == digest for name, digest in before.items())
    return [
        all_of("Kills after which a visitor got an estimate", len(ages), KILLS),
        at_most("Longest from the start to the first estimate", max(back_s),
                BACK_WITHIN_S, "s", 1),
        all_of("Files of runs, marks and the import that are as before",
               kept, len(before)),
    ], [
        f"Killed in turn while it starts, idles, estimates, and draws the {len(PAGES)} "
        "pages, up to 2 s after that began. The median time to the first estimate is "
        f"{sorted(back_s)[len(back_s) // 2]:.1f} s."
    ]  # fmt: skip


def prepare() -> None:
    """Finish what must not be lost: an import, a run, and some marks."""
    from agemodel.dataset.index import read_index
    from agemodel.explorer.marks import VERDICTS, mark_faces
    from tests.drills import damage_files

    damage_files.prepare()
    files = read_index(paths.data_dir())["file"][:MARKED].tolist()
    mark_faces(paths.data_dir(), files, next(iter(VERDICTS)), "kept")


def digests(root: Path) -> dict[str, str]:
    """The SHA-256 of every file of the data and the runs, by its path."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for part in ("data", "runs")
        for path in sorted((root / part).rglob("*"))
        if path.is_file()
    }


def _first_estimate(url: str) -> list[str]:
    """One age, as the page shows it, of a bundled photo of one person."""
    photo = (paths.SAMPLES / SAMPLE).read_bytes()
    with Visitor(url) as visitor:
        return visitor.upload(visitor.open(), SAMPLE, photo).ages[:1]


def _start_in_vain(server: KillableServer, rng: random.Random) -> None:
    _meanwhile(rng, server.start, server.kill)


def _idle(server: KillableServer, rng: random.Random) -> None:
    server.start()
    pass_time(rng.uniform(0, LONGEST_WAIT_S))


def _estimate(server: KillableServer, rng: random.Random) -> None:
    def estimate() -> None:
        while True:
            _first_estimate(server.url)

    server.start()
    _meanwhile(rng, estimate, server.kill)


def _draw(server: KillableServer, rng: random.Random) -> None:
    def draw() -> None:
        with Visitor(server.url) as visitor:
            while True:
                visitor.open(page)

    page = rng.choice(PAGES)
    server.start()
    _meanwhile(rng, draw, server.kill)


def _meanwhile(
    rng: random.Random, action: Callable[[], object], kill: Callable[[], None]
) -> None:
    """Kill the server at a moment of an action, which its end cuts off."""

    def act() -> None:
        with suppress(OSError, RuntimeError, IndexError, EOFError, WebSocketException):
            action()

    acting = threading.Thread(target=act, daemon=True)
    acting.start()
    pass_time(rng.uniform(0, LONGEST_WAIT_S))
    kill()
    acting.join()


if __name__ == "__main__":
    prepare()
