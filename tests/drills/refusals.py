"""Work that the disk refuses: what it says, what it leaves, and whether it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.drills.kills import once
from tests.harness.findings import Finding, all_of
from tests.harness.made_home import Done, Home
from tests.harness.small_disk import POWERLESS, fill, forbidden, full, read_only

FULL, READ_ONLY, FORBIDDEN = "full", "read-only", "forbidden"
FAULTS = (FULL, READ_ONLY, FORBIDDEN)
PROMISED = (
    "told by a sentence with the folder and what to do",
    "what was finished is kept",
    "goes on once the disk is repaired",
)
_REMEDIES = {
    FULL: ("Free ", "Make room"),
    READ_ONLY: ("Make it writable",),
    FORBIDDEN: ("Give write permission",),
}


@dataclass(frozen=True)
class Work:
    """A command, and the folder that it writes to."""

    folder: Path  # on a small disk of its own
    setting: str  # the variable that names the folder
    command: Sequence[str | Path]  # the program and its arguments
    finished: Callable[[], object]  # what must be as it was after a refusal
    # by what was said, whether the disk fills now; None if it is full before
    begun: Callable[[str], object] | None = None


@dataclass
class Record:
    """What refusals of one kind of work have come to."""

    kind: str  # of work, to begin a sentence with
    # of each refusal, whether it was told by a sentence with the folder and the
    # remedy and not by a crash, whether all that was finished was as before, and
    # whether the work came to its end once the disk was repaired
    came: list[tuple[bool, bool, bool]] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)  # what was said
    # what was said, and the end, where one of these was not so
    wrong: list[str] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """The figures."""
        return [
            all_of(f"{self.kind}: {what}", sum(so), len(self.came))
            for what, so in zip(PROMISED, zip(*self.came, strict=True), strict=True)
        ]


def refuse(home: Home, work: Work, fault: str, record: Record) -> None:
    """Let the disk refuse a work, repair the disk, and do the work."""
    before = work.finished()
    with _faulty(work, fault):
        done = _do(home, work, fault)
        is_kept = work.finished() == before
    end = _do(home, work)
    came = (_is_told(done, work, fault), is_kept, end.code == 0)
    record.came.append(came)
    said = done.said.splitlines()
    record.sentences += [line for line in said if work.setting in line]
    if not all(came):
        record.wrong.append(f"{fault}: {done.said[-600:]} Then: {end.said[-300:]}")


def _faulty(work: Work, fault: str) -> AbstractContextManager[None]:
    """The disk at fault; one that fills while work is done is filled by `_do`."""
    if fault == FULL:
        return full(work.folder, later=work.begun is not None)
    return (read_only if fault == READ_ONLY else forbidden)(work.folder)


def _do(home: Home, work: Work, fault: str = "") -> Done:
    heard = len(home.said())
    before = POWERLESS if fault == FORBIDDEN else ()
    process = home.begin([*before, *work.command])
    if fault == FULL and work.begun:
        begun = work.begun
        once(lambda: begun(home.said()[heard:]), 0)(process)
        fill(work.folder)
    return home.end(process, heard)


def _is_told(done: Done, work: Work, fault: str) -> bool:
    return (
        done.code == 1
        and "Traceback" not in done.said
        and str(work.folder) in done.said
        and work.setting in done.said
        and any(remedy in done.said for remedy in _REMEDIES[fault])
    )
