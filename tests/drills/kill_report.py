"""Processes that are killed with -9 while they work, and what came of it."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from tests.harness.findings import Finding, all_of, none_of
from tests.harness.waiting import wait_until

Moment = Callable[[subprocess.Popen[str]], None]
"""Waits until a process is to be killed, or has ended."""

STARTING = 0.2
"""The share of kills that come before a process has begun to work."""

_POLL_S = 0.002


@dataclass
class KillReport:
    """What kills did to one kind of work.

    Attributes:
        kind: of work, to begin a sentence with.
        kills: processes that were killed.
        gone_on: kills after which the same command went on without an error.
        losses: what was lost, or half a file that was taken for a whole one.
        finished: works that came to their end after kills.
        equal: those of them that ended as if nothing had happened.
        left: temporary files that lay about at the end of a work.
    """

    kind: str
    kills: int = 0
    gone_on: int = 0
    losses: list[str] = field(default_factory=list)
    finished: int = 0
    equal: int = 0
    left: list[str] = field(default_factory=list)

    def run_until(self, process: subprocess.Popen[str], moment: Moment) -> bool:
        """Let a process run until its moment, and kill it.

        Returns:
            Whether it had ended by itself, and well.

        Raises:
            RuntimeError: it ended with an error.
        """
        moment(process)
        process.kill()
        code = process.wait()
        if code > 0:
            raise RuntimeError(f"{self.kind}: ended with {code} after a kill.")
        # Kills in a row are followed by one another; each is gone on from.
        self.gone_on = self.kills
        self.kills += code < 0
        return code == 0

    def finish(self, equal: bool, left: list[str]) -> None:
        """Take down how a work ended that had been killed before."""
        self.finished += 1
        self.equal += equal
        self.left += left

    def findings(self) -> list[Finding]:
        """The figures."""
        return [
            all_of(f"{self.kind}: kills, and gone on after", self.gone_on, self.kills),
            none_of(
                f"{self.kind}: something finished is lost, or half a file passes for a "
                "whole one",
                len(self.losses),
                self.kills,
            ),
            all_of(
                f"{self.kind}: ends as if it had not been disturbed",
                self.equal,
                self.finished,
            ),
            none_of(
                f"{self.kind}: temporary files lie about at the end",
                len(self.left),
                self.finished,
            ),
        ]


def after(seconds: float) -> Moment:
    """So many seconds from now."""

    def wait(process: subprocess.Popen[str]) -> None:
        with suppress(TimeoutError):
            wait_until(lambda: process.poll() is not None, seconds, _POLL_S)

    return wait


def once(holds: Callable[[], object], then_s: float) -> Moment:
    """So many seconds after something is so."""

    def wait(process: subprocess.Popen[str]) -> None:
        wait_until(
            lambda: process.poll() is not None or holds(), math.inf, pause_s=_POLL_S
        )
        after(then_s)(process)

    return wait


def somewhere(
    rng: np.random.Generator,
    start_s: float,
    works: Callable[[], object],
    work_s: float,
) -> Moment:
    """Anywhere: one in five times while it starts, else while it works.

    Args:
        rng: by which the moment is drawn.
        start_s: about how long a process takes to start.
        works: whether it has begun to work.
        work_s: about how long its work takes.
    """
    if rng.random() < STARTING:
        return after(rng.uniform(0, start_s))
    return once(works, rng.uniform(0, work_s))


UNDISTURBED = after(math.inf)
"""No moment at all: a process comes to its end."""
