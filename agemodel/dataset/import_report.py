"""What came of an import, as numbers and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from agemodel.core.words import counted


@dataclass(frozen=True)
class ImportReport:
    """What came of an import.

    Attributes:
        source: the name of the archive or folder.
        usable: how many images are in the index.
        rejects: the name of each file that was not usable, and the reason.
        skipped: how many files were a system's own clutter, such as .DS_Store.
        without_split: how many usable images the splits do not name.
        seconds: how long this call took.
        already_there: the same source had been imported before; nothing was done.
    """

    source: str
    usable: int
    rejects: tuple[tuple[str, str], ...]
    skipped: int
    without_split: int
    seconds: float
    already_there: bool

    @property
    def reasons(self) -> dict[str, int]:
        """How many rejects each reason has, most frequent first."""
        return dict(Counter(reason for _, reason in self.rejects).most_common())

    @property
    def words(self) -> str:
        """What is there now and what was refused, in short."""
        refused = f"{len(self.rejects):,}" if self.rejects else "none"
        return f"{counted(self.usable, 'face', 'faces')}, {refused} refused"

    @property
    def notes(self) -> str:
        """What else is worth a sentence; empty if nothing is."""
        own = ("file of the system's own was", "files of the system's own were")
        notes = [
            f"{counted(self.skipped, *own)} skipped." if self.skipped else "",
            f"{counted(self.without_split, 'image is', 'images are')} in no split."
            if self.without_split
            else "",
        ]
        return " ".join(filter(None, notes))

    @property
    def sentence(self) -> str:
        """The whole in a few sentences for a person."""
        done = "was imported before" if self.already_there else "is imported"
        usable = counted(self.usable, "usable image")
        rejects = counted(len(self.rejects), "reject")
        text = f"{self.source} {done}: {usable}, {rejects}, {self.seconds:.1f} s."
        return f"{text} {self.notes}".rstrip()
