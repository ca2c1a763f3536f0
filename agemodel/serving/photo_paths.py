"""Paths of a command line in, photos that are waiting to be read out.

A folder stands for the photos in it and in the folders below, a `.zip` for those in it,
and `-` for what comes through standard input. Links are followed: loops end, and a
photo to which several names lead is taken once. What cannot be read is a photo, too,
as in `uploads`.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from agemodel.core.errors import ImageError
from agemodel.core.file_names import is_bookkeeping, shown_name
from agemodel.core.words import counted
from agemodel.images import SUFFIXES, read_bytes, read_stream
from agemodel.serving.photo_archives import PhotoArchive
from agemodel.serving.uploads import ARCHIVE_SUFFIX, Upload, members, refused

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "standard input"
_MOST_ENDINGS = 3


class PhotoPaths:
    """What paths lead to.

    Attributes:
        same_count: how many names in folders lead to photos that others lead to, too.
    """

    def __init__(self) -> None:
        self.same_count = 0
        self._taken: set[str] = set()

    def find(self, paths: Iterable[str]) -> list[Upload]:
        """List the photos that paths lead to; nothing but archives is opened yet.

        Args:
            paths: as given. A path that is given twice is listed twice; a photo in
                folders once, and not where its path is given, too.
        """
        given = list(paths)
        self._taken |= {os.path.realpath(path) for path in given}
        return [upload for path in given for upload in self._at(path)]

    def _at(self, given: str) -> Iterable[Upload]:
        path = Path(given)
        if given == STANDARD_INPUT:
            return [Upload(STANDARD_INPUT_NAME, _read_standard_input)]
        if path.is_dir():
            return self._in_folder(path)
        if path.suffix.lower() == ARCHIVE_SUFFIX and path.is_file():
            return _in_archive(path)
        return [photo_at(path)]

    def _in_folder(self, folder: Path) -> Iterator[Upload]:
        walk = PhotoWalk(folder)
        photos = list(walk)
        for error in walk.errors:
            yield refused(str(error.filename), _not_opened(error))
        if not photos and not walk.errors:
            yield refused(str(folder), walk.no_photos())
        # Where a link and a file are the same photo, the file gives its name.
        for path in sorted(photos, key=lambda path: (path.is_symlink(), path)):
            real = os.path.realpath(path)
            if real in self._taken:
                photos.remove(path)
                self.same_count += 1
            self._taken.add(real)
        yield from map(photo_at, sorted(photos))


class PhotoWalk:
    """A way through a folder and those below it, each real one entered once.

    It yields the paths whose ending is one of `SUFFIXES`, in no order, as it goes.

    Attributes:
        errors: of folders that could not be opened so far.
    """

    def __init__(self, folder: Path) -> None:
        self.errors: list[OSError] = []
        self._folder = folder
        self._others: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Path]:
        entered = set()
        walk = os.walk(self._folder, onerror=self.errors.append, followlinks=True)
        for at, folders, files in walk:
            real = os.path.realpath(at)
            if real in entered:
                folders.clear()
                continue
            entered.add(real)
            kept = [name for name in folders if not is_bookkeeping(f"{name}/")]
            # links last, so that a folder is entered by its own name
            folders[:] = sorted(kept, key=lambda n: os.path.islink(os.path.join(at, n)))
            yield from self._photos_of(Path(at), files)

    def _photos_of(self, folder: Path, names: list[str]) -> Iterator[Path]:
        for name in sorted(names):
            path = folder / name
            ending = path.suffix.lower()
            if is_bookkeeping(name):
                continue
            if ending in SUFFIXES and (path.is_file() or path.is_symlink()):
                yield path
            else:
                self._others[ending or "without an ending"] += 1

    def no_photos(self) -> str:
        """The sentence that says that there are none, and what there is."""
        shown = shown_name(str(self._folder))
        if not self._others:
            return f"{shown} is empty: expected a folder with photos, got no files."
        by_count = sorted(self._others.items(), key=lambda other: (-other[1], other[0]))
        common = [shown_name(ending) for ending, _ in by_count]
        more = ["others"] if len(common) > _MOST_ENDINGS else []
        kinds = ", ".join(common[:_MOST_ENDINGS] + more)
        count = self._others.total()
        return (
            f"{shown} holds no photo: expected files such as .jpg, .png or .heic, got "
            f"{counted(count, 'other')} ({kinds}). Give files by name "
            "to have them read whatever their ending is."
        )


def photo_at(path: Path) -> Upload:
    """The photo at a path, whatever its ending; nothing is opened yet."""
    return Upload(str(path), partial(read_bytes, path, str(path)))


def _in_archive(path: Path) -> list[Upload]:
    try:
        return members(PhotoArchive(str(path), path.open("rb")))
    except ImageError as error:
        return [refused(str(path), str(error))]
    except OSError as error:
        return [refused(str(path), _not_opened(error))]


def _not_opened(error: OSError) -> str:
    return (
        f"{shown_name(str(error.filename))} cannot be opened: expected that this "
        f"account may read it, got '{error.strerror}'."
    )


def _read_standard_input() -> bytes:
    if sys.stdin is None:
        raise ImageError(
            f"{STANDARD_INPUT_NAME} is closed: expected a picture. Give its path, or "
            "pass it through a pipe: cat photo.jpg | python -m agemodel predict -"
        )
    return read_stream(sys.stdin.buffer, STANDARD_INPUT_NAME)
