"""SOURCE in, the names of files out, one after the other.

A name is an absolute path or an address, so that it means the same wherever a run goes
on. A folder is listed as `predict` lists it; a list of files is taken as it is.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from agemodel.bulk.urls import is_url, open_filesystem, reaching
from agemodel.core.errors import BulkError
from agemodel.core.file_names import is_bookkeeping, shown_name
from agemodel.images import SUFFIXES
from agemodel.serving.photo_paths import PhotoWalk

COLUMNS = ("path", "file", "url")
"""Names of the column of a Parquet list that are looked for, in this order."""

_MAGIC = b"PAR1"
_MARK = b"\xef\xbb\xbf"  # with which some editors begin a text
_BATCH = 10_000


def find_files(source: str) -> Iterator[str]:
    """The files that a source stands for, found as they are asked for.

    Args:
        source: a folder, with those below it; a pattern such as `photos/**/*.jpg`; a
            photo; a list of files, as text with a name a line or as Parquet with a
            column of `COLUMNS`; or the address of any of these. A relative name in a
            list is taken from the folder of the list.

    Raises:
        BulkError: there is nothing, or it cannot be read as a list.
    """
    if is_url(source):
        with reaching(source):
            yield from _at_url(source)
        return
    path = Path(os.path.abspath(source))
    try:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.suffix.lower() in SUFFIXES and path.exists():
            yield str(path)
        elif path.exists():
            with path.open("rb") as file:
                yield from _in_list(file, source, str(path.parent))
        else:
            yield from _matching(source)
    except OSError as error:
        raise BulkError(
            f"{shown_name(source)} cannot be listed: expected that this account may "
            f"read it, got '{error.strerror or error}'."
        ) from error


def _in_folder(folder: Path) -> Iterator[str]:
    walk, found = PhotoWalk(folder), False
    for path in walk:
        found = True
        yield str(path)
    for error in walk.errors:  # read as a photo, such a folder says why it is none
        yield str(error.filename)
    if not found and not walk.errors:
        raise BulkError(walk.no_photos())


def _matching(pattern: str) -> Iterator[str]:
    found = False
    for name in glob.iglob(pattern, recursive=True):
        if not os.path.isdir(name) and not is_bookkeeping(os.path.basename(name)):
            found = True
            yield os.path.abspath(name)
    if not found:
        raise _nothing_at(pattern)


def _at_url(url: str) -> Iterator[str]:
    filesystem, root = open_filesystem(url)
    if glob.has_magic(root):
        matches = filesystem.glob(root)
        if not matches:
            raise _nothing_at(url)
        yield from map(filesystem.unstrip_protocol, matches)
    elif filesystem.isdir(root):
        yield from _in_remote_folder(filesystem, root, url)
    elif os.path.splitext(root)[1].lower() in SUFFIXES:
        yield url
    elif filesystem.exists(root):
        with filesystem.open(root, "rb") as file:
            yield from _in_list(file, url, url.rpartition("/")[0])
    else:
        raise _nothing_at(url)


def _in_remote_folder(filesystem: Any, root: str, url: str) -> Iterator[str]:
    found = False
    for folder, folders, files in filesystem.walk(root, on_error="raise"):
        folders[:] = [name for name in folders if not is_bookkeeping(f"{name}/")]
        for name in sorted(files):
            if _is_photo(name):
                found = True
                yield filesystem.unstrip_protocol(f"{folder}/{name}")
        filesystem.invalidate_cache()  # else it remembers all that was listed
    if not found:
        raise _nothing_at(url)


def _is_photo(name: str) -> bool:
    ending = os.path.splitext(name)[1].lower()
    return ending in SUFFIXES and not is_bookkeeping(name)


def _in_list(file: BinaryIO, name: str, folder: str) -> Iterator[str]:
    head = file.read(_BATCH)
    file.seek(len(_MARK) if head.startswith(_MARK) else 0)
    if head.startswith(_MAGIC):
        names = _in_parquet(file, name)
    elif b"\0" in head:
        raise BulkError(
            f"{shown_name(name)} is no list of files: expected text with a path a "
            "line, or Parquet with a column 'path', got something else."
        )
    else:
        names = (os.fsdecode(line.rstrip(b"\r\n")) for line in file)
    for one in names:
        if one.strip():
            yield one if is_url(one) else os.path.join(folder, one)


def _in_parquet(file: BinaryIO, name: str) -> Iterator[str]:
    try:
        opened = pq.ParquetFile(file)
        texts = [
            field.name
            for field in opened.schema_arrow
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ]
        column = next((one for one in COLUMNS if one in texts), None)
        if column is None and len(texts) == 1:
            column = texts[0]
        if column is None:
            raise BulkError(
                f"{shown_name(name)} lists no files: expected a column 'path' of text, "
                f"got {', '.join(texts) or 'no column of text'}."
            )
        for batch in opened.iter_batches(_BATCH, columns=[column], use_threads=False):
            yield from (one for one in batch.column(0).to_pylist() if one)
    except pa.ArrowException as error:
        raise BulkError(f"{shown_name(name)} is damaged: {error}.") from error


def _nothing_at(source: str) -> BulkError:
    return BulkError(
        f"{shown_name(source)} leads to no photo: expected a folder, a pattern, a list "
        "of files or an address."
    )
