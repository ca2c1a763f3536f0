"""Where the results of a bulk run lie: a folder, or an address that fsspec knows.

A file is in place whole or not at all: in a folder because it is renamed when it is
written, elsewhere because the storage shows an object when all of it has come.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from agemodel.bulk.urls import is_url, open_filesystem, reaching
from agemodel.core.errors import BulkError
from agemodel.core.file_locks import lock_or_raise
from agemodel.core.files import Place, sweep, writing, written_whole

_LOCK = "_run.lock"
_FILE_PROTOCOL = "file://"


class Store(Protocol):
    """A place of files, whose names are relative and separated by /."""

    name: str

    def names(self, folder: str = "") -> set[str]:
        """The names in a folder, without the folder's; none where there is none."""

    def reading(self, name: str) -> AbstractContextManager[BufferedReader]:
        """Open a file; a FileNotFoundError where there is none."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Write a file, which is in place after the block; a BulkError if refused."""

    def lock(self) -> AbstractContextManager[object]:
        """Keep others out; a BulkError where another run is at work."""


def open_store(out: str) -> Store:
    """The store at a path or an address; nothing is made yet.

    Raises:
        BulkError: see `open_filesystem`.
    """
    if out.startswith(_FILE_PROTOCOL):
        return LocalStore(Path(out.removeprefix(_FILE_PROTOCOL)))
    return RemoteStore(out) if is_url(out) else LocalStore(Path(out))


class LocalStore:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    def names(self, folder: str = "") -> set[str]:
        at = self._folder / folder
        found = at.iterdir() if at.exists() else iter(())
        # not the lock, nor what a killed process left half written
        return {one.name for one in found if one.name[0] != "." and one.name != _LOCK}

    def reading(self, name: str) -> AbstractContextManager[BufferedReader]:
        return (self._folder / name).open("rb")

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        path = self._folder / name
        with self._refused():
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as file:
                yield file

    @contextmanager
    def lock(self) -> Iterator[None]:
        if self._folder.exists() and not self._folder.is_dir():
            raise BulkError(
                f"{self.name} is a file: expected a folder for the results."
            )
        taken = BulkError(
            f"Another bulk run writes to {self.name}. Wait for it, or stop it."
        )
        with self._refused():
            self._folder.mkdir(parents=True, exist_ok=True)
            held = lock_or_raise(self._folder / _LOCK, taken)
        with held:
            for folder in ("", "faces", "files"):
                sweep(self._folder / folder)
            yield

    def _refused(self) -> AbstractContextManager[None]:
        return writing("The results", Place(self._folder, "OUT"), BulkError)


class RemoteStore:
    """A folder of a filesystem that fsspec knows."""

    def __init__(self, url: str) -> None:
        self.name = url
        self._filesystem: Any
        self._filesystem, root = open_filesystem(url)
        self._root = root.rstrip("/")

    def names(self, folder: str = "") -> set[str]:
        at = self._path(folder)
        with reaching(self.name):
            self._filesystem.invalidate_cache()
            if not self._filesystem.isdir(at):
                return set()
            found = self._filesystem.ls(at, detail=False)
        return {path.rstrip("/").rpartition("/")[2] for path in found} - {""}

    def reading(self, name: str) -> AbstractContextManager[BufferedReader]:
        opened: AbstractContextManager[BufferedReader] = self._filesystem.open(
            self._path(name), "rb"
        )
        return opened

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        path = self._path(name)
        with reaching(self.name):
            self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._filesystem.open(path, "wb") as file:
                yield file

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()  # storages of objects know no locks

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")
