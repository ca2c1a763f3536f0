"""The list of the files of a run, written once, before the first is read.

So a source that changes meanwhile changes nothing, a run that goes on deals with the
same files, and how many there are is known. It is a Parquet file whose row groups are
the shards: each is read by itself, and never the whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from agemodel.bulk.stores import Store
from agemodel.core.errors import BulkError

LIST = "_list.parquet"
_SCHEMA = pa.schema([("name", pa.binary())])
"""Names as bytes, for a path may hold some that are no Unicode."""


@dataclass(frozen=True)
class Task:
    """Files that one process reads, one after the other.

    Attributes:
        shard: the number of the shard that they are of.
        start: the place of the first in the list, from 0.
        names: absolute paths or addresses.
        deaths: how many processes ended over just these files.
    """

    shard: int
    start: int
    names: tuple[str, ...]
    deaths: int = 0

    def split(self, size: int) -> list[Task]:
        """The same files as tasks of so many, the last of what is left."""
        return [
            Task(self.shard, self.start + at, self.names[at : at + size])
            for at in range(0, len(self.names), size)
        ]


@dataclass(frozen=True)
class ListedFiles:
    """How many files a list holds, and its checksum.

    Attributes:
        count: the files.
        sha256: of the list itself.
    """

    count: int
    sha256: str


def write_list(
    store: Store,
    names: Iterable[str],
    shard_files: int,
    on_listed: Callable[[int], None],
) -> ListedFiles:
    """Write the list, a shard at a time.

    Args:
        store: where the run lies.
        names: of the files.
        shard_files: how many make a shard.
        on_listed: called with the number of files listed so far.

    Raises:
        BulkError: the list cannot be written, or `names` raises it.
    """
    count, names = 0, iter(names)
    with store.writing(LIST) as file:
        hashed = _Hashed(file)
        with pq.ParquetWriter(
            hashed,
            _SCHEMA,
            compression="zstd",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer:
            while shard := list(islice(names, shard_files)):
                column = pa.array([os.fsencode(name) for name in shard], pa.binary())
                writer.write_table(pa.table([column], schema=_SCHEMA))
                count += len(shard)
                on_listed(count)
    return ListedFiles(count, hashed.digest.hexdigest())


def check_list(store: Store, listed: ListedFiles) -> None:
    """Hold the list to its checksum.

    Raises:
        BulkError: it is missing or damaged.
    """
    try:
        with store.reading(LIST) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _damaged(store, f"got '{error}'") from error
    if found != listed.sha256:
        raise _damaged(store, "got another")


def read_shards(
    store: Store, shard_files: int, is_wanted: Callable[[int], bool]
) -> Iterator[Task]:
    """The shards of the list that are wanted, by their numbers, read as asked for.

    Raises:
        BulkError: the list cannot be read.
    """
    try:
        with store.reading(LIST) as file:
            opened = pq.ParquetFile(file, page_checksum_verification=True)
            for shard in range(opened.num_row_groups):
                if is_wanted(shard):
                    column = opened.read_row_group(shard, use_threads=False)["name"]
                    names = tuple(map(os.fsdecode, column.to_pylist()))
                    yield Task(shard, shard * shard_files, names)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(store, f"got '{error}'") from error


def _damaged(store: Store, got: str) -> BulkError:
    return BulkError(
        f"{LIST} in {store.name} is damaged: expected the list of the run's files, "
        f"{got}. Begin anew in another folder."
    )


class _Hashed:
    """A file that is hashed while it is written."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()
