"""Importing faces: an archive or a folder becomes the dataset, or nothing does.

An import unpacks into a folder of its own, which counts only once `import.json` names
it (see `record`). So an import that is killed at any moment leaves the old dataset, or
none, and a folder that the next import deletes.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

import agemodel
from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.file_locks import lock_or_raise
from agemodel.core.file_names import is_bookkeeping
from agemodel.core.files import check_room, data_place, writing
from agemodel.dataset.forms import Form, UtkFaceForm
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.index import (
    INDEX_NAME,
    REJECTS_NAME,
    REJECTS_SCHEMA,
    images_dir,
    read_index,
    read_rejects,
    write_table,
)
from agemodel.dataset.members import (
    Limits,
    Member,
    iter_members,
    list_folder,
    source_bytes,
)
from agemodel.dataset.record import (
    FORMAT,
    IMAGES_NAME,
    ImportRecord,
    commit_record,
    is_import_folder,
    new_folder_name,
    read_record,
    remove_leftovers,
)
from agemodel.dataset.splits import read_splits

LOCK_NAME = ".import.lock"
_STEP = 250  # files between two calls of a progress function
_AHEAD = 32  # files that are read before they are needed, to be checked meanwhile


def import_dataset(
    source: Path,
    data_dir: Path,
    *,
    splits: pd.DataFrame | None = None,
    progress: OnProgress | None = None,
    force: bool = False,
    limits: Limits | None = None,
) -> ImportReport:
    """Import an archive (.tar.gz, .tar, .zip) or a folder of UTKFace's images.

    An import of the same source and splits over an intact dataset does nothing.

    Args:
        source: the archive or the folder; it is only read.
        data_dir: the data folder, made if it is missing.
        splits: as returned by `read_splits`, which it is by default.
        progress: called now and then with the bytes of the source that are done, their
            total, and a phrase.
        force: import even when the same dataset is there.
        limits: how much the source may hold.

    Raises:
        DatasetError: the source is missing, refused, damaged or holds no usable image;
            another import is running; or the disk does not take it. A dataset that
            was there before is still there.
    """
    source, data_dir = Path(source), Path(data_dir)
    check_source(source, data_dir)
    splits = read_splits() if splits is None else splits
    return import_files(
        source, data_dir, UtkFaceForm(splits), progress, force, limits or Limits()
    )


def import_files(
    source: Path,
    data_dir: Path,
    form: Form,
    progress: OnProgress | None = None,
    force: bool = False,
    limits: Limits | None = None,
) -> ImportReport:
    """Import the files of a source that a form accepts; see `import_dataset`."""
    started = time.monotonic()
    limits = limits or Limits()
    running = DatasetError(
        f"Another import into {data_dir} is running. Wait for it to end, then try "
        "again."
    )
    place, what = data_place(data_dir), f"The import of {source.name}"
    with writing(what, place, DatasetError):
        data_dir.mkdir(parents=True, exist_ok=True)
        with lock_or_raise(data_dir / LOCK_NAME, running):
            remove_leftovers(data_dir)
            sha256, fingerprint = _identify(source, form)
            known = not force and _is_there(data_dir, fingerprint)
            if not known:
                # JPEGs are packed already: an archive of them is as large as they are.
                room = source_bytes(source)
                check_room("the import needs", room, place, DatasetError)
                worker = _Import(source, data_dir, form, limits, progress)
                with writing(what, place, DatasetError, room):
                    worker.run(sha256, fingerprint)
            return _report(data_dir, started, known)


def check_source(source: Path, data_dir: Path) -> None:
    """Refuse a source that is missing, or that the import itself would change.

    Raises:
        DatasetError: it is refused.
    """
    if not (os.path.isfile(source) or os.path.isdir(source)):
        raise DatasetError(
            f"There is no archive or folder at {source}. Give the path of "
            "UTKFace.tar.gz, or of the folder of its images."
        )
    if not os.access(source, os.R_OK):
        raise DatasetError(f"{source} may not be read. Check its permissions.")
    inner, data = source.resolve(), data_dir.resolve()
    in_import = any(
        path.parent == data and is_import_folder(path.name)
        for path in (inner, *inner.parents)
    )
    if in_import or (source.is_dir() and inner in (data, *data.parents)):
        raise DatasetError(
            f"{source} and the data folder {data_dir} lie in each other. Give an "
            "archive, or a folder outside the data folder."
        )


# ---------------------------------------------------------------- the same again


def _identify(source: Path, form: Form) -> tuple[str, str]:
    """What tells one import from another: see `sha256` and `fingerprint` of a record.

    They are of an archive's bytes, or of a folder's listing with sizes and times.
    """
    if source.is_dir():
        sha256 = ""
        listing = [
            (name, info.st_size, info.st_mtime_ns) for name, info in list_folder(source)
        ]
        content = repr(listing)
    else:
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        content = sha256
    text = content + form.identity
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape"))
    return sha256, digest.hexdigest()


def _is_there(data_dir: Path, fingerprint: str) -> bool:
    """Whether this very dataset is imported, and nothing of it is missing."""
    try:
        record = read_record(data_dir)
        files = set(read_index(data_dir)["file"])
        read_rejects(data_dir)
        with os.scandir(images_dir(data_dir)) as entries:
            sizes = {entry.name: entry.stat().st_size for entry in entries}
    except (DatasetError, FileNotFoundError):
        return False
    same = record.fingerprint == fingerprint
    return same and set(sizes) == files and sum(sizes.values()) == record.image_bytes


def _report(data_dir: Path, started: float, already_there: bool) -> ImportReport:
    record = read_record(data_dir)
    rejects = read_rejects(data_dir)
    return ImportReport(
        source=record.source,
        usable=record.usable,
        rejects=tuple(zip(rejects["file"], rejects["reason"], strict=True)),
        skipped=record.skipped,
        without_split=record.without_split,
        seconds=time.monotonic() - started,
        already_there=already_there,
    )


# ---------------------------------------------------------------- the import


@dataclass
class _Import:
    """One import under way, and what it has found so far."""

    source: Path
    data_dir: Path
    form: Form
    limits: Limits
    progress: OnProgress | None
    rows: dict[str, tuple] = field(default_factory=dict)
    rejects: list[tuple[str, str]] = field(default_factory=list)
    skipped: int = 0
    image_bytes: int = 0

    def run(self, sha256: str, fingerprint: str) -> None:
        """Unpack, write the tables, and make them the dataset."""
        folder = self.data_dir / new_folder_name(self.form.kind)
        try:
            (folder / IMAGES_NAME).mkdir(parents=True)
            self._unpack(folder / IMAGES_NAME)
            known = {*self.rows, *(name for name, _ in self.rejects)}
            self.rejects += self.form.absent(known)
            self._check_any_usable()
            record = self._write_tables(folder, sha256, fingerprint)
            os.sync()  # every image on disk before the record says so
            commit_record(self.data_dir, record)
        finally:
            remove_leftovers(self.data_dir)  # the old import, or this one if it failed

    def _unpack(self, images: Path) -> None:
        """Write the usable images and note the rest."""
        total = source_bytes(self.source)
        done = 0
        members = iter_members(self.source, self.limits)
        for number, (member, checked) in enumerate(_checked(members, self.form.check)):
            if number % _STEP == 0:
                self._tell(done, total)
            done = member.done_bytes
            self._add(member, checked, images)
        self._tell(total, total)

    def _tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(min(done, total), total, f"{len(self.rows):,} images")

    def _add(self, member: Member, checked: Future[bytes], images: Path) -> None:
        """Write one file, if it is usable, under its base name."""
        name = self.form.file_name(member.name)
        if is_bookkeeping(member.name):
            self.skipped += 1
            return
        if self.form.is_other(member.name):
            return
        try:
            data = checked.result()
            row = self.form.row(member.name)
            if name in self.rows:
                raise DatasetError("Another file of this name came before.")
        except DatasetError as error:
            self.rejects.append((_printable(name), str(error)))
            return
        with (images / name).open("xb") as file:
            file.write(data)
        self.rows[name] = row
        self.image_bytes += len(data)

    def _check_any_usable(self) -> None:
        if self.rows:
            return
        found = f"{len(self.rejects):,} files, none of them usable"
        if self.rejects:
            found += f"; the first is {self.rejects[0][0]!r}: {self.rejects[0][1]}"
        expected = self.form.expected.format(found=found)
        raise DatasetError(f"{self.source.name} {expected}")

    def _write_tables(
        self, folder: Path, sha256: str, fingerprint: str
    ) -> ImportRecord:
        """Write the index and the rejects, and describe them."""
        rows, schema = list(self.rows.values()), self.form.schema
        split = schema.names.index("split")
        return ImportRecord(
            format=FORMAT,
            folder=folder.name,
            source=_printable(self.source.resolve().name),
            sha256=sha256,
            fingerprint=fingerprint,
            usable=len(rows),
            rejects=len(self.rejects),
            skipped=self.skipped,
            without_split=sum(row[split] == "" for row in rows),
            image_bytes=self.image_bytes,
            index_sha256=write_table(folder / INDEX_NAME, rows, schema),
            rejects_sha256=write_table(
                folder / REJECTS_NAME, self.rejects, REJECTS_SCHEMA
            ),
            version=agemodel.__version__,
            imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )


def _checked(
    members: Iterable[Member], check: Callable[[Member], bytes]
) -> Iterator[tuple[Member, Future[bytes]]]:
    """Files with what `check` makes of each, in threads, some files ahead."""
    ahead: deque[tuple[Member, Future[bytes]]] = deque()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for member in members:
            ahead.append((member, pool.submit(check, member)))
            if len(ahead) > _AHEAD:
                yield ahead.popleft()
        yield from ahead


def _printable(name: str) -> str:
    """A name that is safe to print and to store: no control characters, not endless."""
    name = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)
    return name if len(name) <= 200 else name[:199] + "…"
