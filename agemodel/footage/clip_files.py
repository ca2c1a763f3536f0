"""Paths in, the clips that they lead to out, in the order of their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agemodel.core.file_names import is_bookkeeping, shown_name

VIDEO_SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts"),
        *(".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".3gp", ".3g2", ".ogv", ".mxf"),
        ".dav",
    }
)
"""Endings of the files that are taken out of folders."""


@dataclass(frozen=True)
class Clip:
    """A file that may be a video.

    Attributes:
        path: where it lies.
        size_bytes: its size.
        modified_ns: when it was last written, in nanoseconds since 1970.
    """

    path: Path
    size_bytes: int
    modified_ns: int

    @property
    def name(self) -> str:
        """Its path as it is shown."""
        return shown_name(str(self.path))


@dataclass(frozen=True)
class FoundClips:
    """What paths lead to.

    Attributes:
        clips: in the order in which they were given, those of folders by name.
        problems: sentences on paths that lead to none.
        others: how many files of folders are no video by their ending.
    """

    clips: tuple[Clip, ...]
    problems: tuple[str, ...]
    others: int


def find_clips(paths: Iterable[str | Path]) -> FoundClips:
    """List the clips of files and folders; each is taken once.

    Args:
        paths: files, whatever their ending is, and folders, with those in them.
    """
    clips: dict[str, Clip] = {}
    problems, others = [], 0
    for given in map(Path, paths):
        is_folder = os.path.isdir(given)  # False, too, where a path cannot be one
        if not is_folder and not os.path.isfile(given):
            problems.append(
                f"{shown_name(str(given))} is not there, or no file: expected a video, "
                "or a folder with videos."
            )
            continue
        files = sorted(_files_of(given, problems)) if is_folder else [given]
        videos = [
            path
            for path in files
            if not is_folder or path.suffix.lower() in VIDEO_SUFFIXES
        ]
        others += len(files) - len(videos)
        if not videos:
            problems.append(
                f"{shown_name(str(given))} holds no video: expected files such as "
                f".mp4, .mkv or .avi, got {len(files):,} others."
            )
        for path in videos:
            status = path.stat()
            clip = Clip(path, status.st_size, status.st_mtime_ns)
            clips.setdefault(os.path.realpath(path), clip)
    return FoundClips(tuple(clips.values()), tuple(problems), others)


def _files_of(folder: Path, problems: list[str]) -> Iterator[Path]:
    """The files of a folder and those below it; links to folders are not followed."""

    def cannot_be_read(error: OSError) -> None:
        folder_name = shown_name(str(error.filename))
        problems.append(f"{folder_name} cannot be read: {error.strerror}.")

    for at, folders, names in os.walk(folder, onerror=cannot_be_read):
        folders[:] = [name for name in folders if not is_bookkeeping(f"{name}/")]
        for name in names:
            path = Path(at) / name
            if not is_bookkeeping(name) and path.is_file():
                yield path
