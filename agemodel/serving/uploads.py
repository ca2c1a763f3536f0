"""Uploaded files in, photos that are waiting to be read out.

A `.zip` stands for the photos in it. What cannot be read is a photo, too, whose `read`
raises the sentence that says why, so that nothing vanishes without a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO

from agemodel.core.caps import caps, in_mb
from agemodel.core.errors import ImageError
from agemodel.core.file_names import is_bookkeeping, shown_name
from agemodel.core.words import counted
from agemodel.serving.known_ages import KnownAge
from agemodel.serving.photo_archives import PhotoArchive

ARCHIVE_SUFFIX = ".zip"
MAX_LISTED = 100_000
"""Entries that are read of all archives that come together: about two seconds."""


@dataclass(frozen=True, eq=False)
class Upload:
    """A photo that waits to be read.

    Attributes:
        name: as `file_names.shown_name` gives it, or a path as it was given;
            `archive.zip/folder/photo.jpg` for a member of an archive.
        read: gives its bytes, or raises an ImageError that says why not.
        notes: sentences that belong to the photo.
        source: the bytes that are kept while it waits: its own, or the archive's.
        ages: how old the people were, from left to right, where that is known.
    """

    name: str
    read: Callable[[], bytes]
    notes: tuple[str, ...] = ()
    source: bytes = field(default=b"", repr=False)
    ages: tuple[KnownAge, ...] = ()


def find_photos(
    files: Iterable[tuple[str, bytes]], most: int, most_bytes: int
) -> list[Upload]:
    """List the photos in uploaded files, those in archives included.

    Nothing is unpacked yet: each photo's bytes are read when it is its turn. What
    systems keep beside photos is passed over.

    Args:
        files: names and contents.
        most: how many photos are taken.
        most_bytes: how large the files may be together. What is left out of either
            reason is an entry that counts it.
    """
    intake = _Intake(most, most_bytes)
    for name, data in files:
        # a folder that is brought is the first part of its files' names
        if not is_bookkeeping(name.partition("/")[2] or name):
            intake.take(name, data)
        else:
            intake.passed_over.append(name)
    return intake.taken + intake.left_out()


class _Intake:
    """What is taken of files that come together, and how much is left out."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.taken: list[Upload] = []
        self.passed_over: list[str] = []
        self._photos_left = most
        self._bytes_left = most_bytes
        self._entries_left = MAX_LISTED
        self._too_many = 0
        self._too_large = 0

    def take(self, name: str, data: bytes) -> None:
        if self._photos_left <= 0:
            self._too_many += 1  # an archive is not even opened
        elif len(data) > self._bytes_left:
            self._too_large += 1
        else:
            found = self._photos_of(name, data)
            self.taken += found[: self._photos_left]
            self._too_many += len(found[self._photos_left :])
            self._photos_left -= len(found)
            self._bytes_left -= len(data)

    def _photos_of(self, name: str, data: bytes) -> list[Upload]:
        if not name.lower().endswith(ARCHIVE_SUFFIX):
            return [Upload(shown_name(name), lambda: data, source=data)]
        if self._entries_left <= 0:
            sentence = (
                f"{shown_name(name)} was left out: the archives that came with it hold "
                f"more than {MAX_LISTED:,} files. Bring it by itself."
            )
            return [refused(name, sentence)]
        try:
            archive = PhotoArchive(name, BytesIO(data))
        except ImageError as error:
            return [refused(name, str(error))]
        self._entries_left -= archive.listed
        return members(archive, data)

    def left_out(self) -> list[Upload]:
        limits = caps()
        lines = []
        if self._too_many:
            sentence = (
                f"{_were(self._too_many)} left out: at most {limits.photos:,} photos "
                "are kept at a time. Download the results, clear everything, and "
                "bring the rest."
            )
            lines.append(refused("Too many photos", sentence))
        if self._too_large:
            sentence = (
                f"{_were(self._too_large)} left out: at most "
                f"{in_mb(limits.waiting_bytes)} of files wait at a time. Bring the "
                "rest when those that wait are done."
            )
            lines.append(refused("Too much at a time", sentence))
        if self.passed_over and not self.taken:
            name = shown_name(self.passed_over[0])
            sentence = (
                f"{_were(len(self.passed_over))} passed over, {name} among them: "
                "expected photos, got what systems keep beside photos. Bring the "
                "photos themselves."
            )
            lines.append(refused("No photos", sentence))
        return lines


def members(archive: PhotoArchive, source: bytes = b"") -> list[Upload]:
    """The photos of an archive; one that has none is a line.

    Args:
        archive: opened.
        source: its bytes, where they are kept in memory.
    """
    if not archive.entries:
        sentence = f"{archive.name} is empty: expected a .zip of photos."
        return [refused(archive.name, sentence)]
    return [
        Upload(
            archive.shown(entry),
            lambda entry=entry: archive.read(entry),  # type: ignore[misc]
            source=source,
        )
        for entry in archive.entries
    ]


def _were(count: int) -> str:
    return counted(count, "file was", "files were")


def refused(name: str, sentence: str) -> Upload:
    """What is not read: a name and the sentence that says why."""

    def read() -> bytes:
        raise ImageError(sentence)

    return Upload(shown_name(name), read)
