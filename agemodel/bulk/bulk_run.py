"""A bulk run from its source to its parts: begin, go on, count."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from agemodel.bulk.bulk_record import (
    RECORD,
    BulkRecord,
    Settings,
    check_same,
    current_settings,
    read_record,
    write_record,
)
from agemodel.bulk.file_list import LIST, check_list, read_shards, write_list
from agemodel.bulk.listing import find_files
from agemodel.bulk.local_pool import LocalPool
from agemodel.bulk.parts import Counts, done_shards, read_counts, write_part
from agemodel.bulk.scheduling import Pool, work_through
from agemodel.bulk.shard_work import Work
from agemodel.bulk.stores import Store, open_store
from agemodel.bulk.urls import is_url
from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import BulkError
from agemodel.models.app_model import read_name
from agemodel.models.shipped import installed_versions

LOCAL, RAY = "local", "ray"
SHARD_FILES = 1_000
LISTING, CHECKING, ESTIMATING = "listing", "checking what is done", "estimating"
"""The steps, as their progress names them."""

_READERS = 16  # of parts, which may lie far away


@dataclass(frozen=True)
class BulkOptions:
    """How a run is made.

    Attributes:
        model: the name of the model; the app's unless given.
        aligned: whether each file is a cropped face already.
        engine: `LOCAL` or `RAY`.
        workers: how many processes; as many as there are cores unless given.
        address: of a Ray cluster; a private one unless given.
        resume: whether to go on with the run that is there.
        shard_files: files of a shard.
    """

    model: str | None = None
    aligned: bool = False
    engine: str = LOCAL
    workers: int | None = None
    address: str | None = None
    resume: bool = False
    shard_files: int = SHARD_FILES


def run_bulk(
    source: str, out: str, options: BulkOptions, on_progress: OnProgress
) -> Counts:
    """Estimate every file of a source; results lie in `out`, a part a shard.

    Whenever it is stopped or killed, the shards that are done stay, and `resume` goes
    on with the others.

    Args:
        source: see `listing.find_files`.
        out: a folder, new or empty unless it is gone on with, or the address of one.
        options: how.
        on_progress: called with files done, all files and a step.

    Returns:
        What the run holds at its end.

    Raises:
        AgeModelError: the source cannot be listed, the results cannot be written, the
            run is another than the one there, or the processes cannot work.
    """
    if not is_url(source):
        source = os.path.abspath(source)
    model = options.model or read_name()
    settings = current_settings(source, model, options.aligned, options.shard_files)
    store = open_store(out)
    with store.lock():
        record = _opened(store, settings, options.resume, on_progress)
        done = _counts_of_done(store, on_progress)
        counts = sum(done.values(), Counts())
        if len(done) < record.shards:
            with closing(
                _pool_of(options, Work(settings.model, options.aligned))
            ) as pool:
                counts = _estimate(store, record, done, pool, on_progress)
        write_record(store, replace(record, ended=_now(), counts=counts))
        return counts


def _estimate(
    store: Store,
    record: BulkRecord,
    done: Mapping[int, Counts],
    pool: Pool,
    on_progress: OnProgress,
) -> Counts:
    """Estimate the shards that are not done; what the run then holds."""
    counts, total = sum(done.values(), Counts()), record.listed.count
    before = counts.files

    def on_files(files: int) -> None:
        on_progress(before + files, total, ESTIMATING)

    on_files(0)
    shard_files = record.settings.shard_files
    shards = read_shards(store, shard_files, lambda shard: shard not in done)
    for shard, part in work_through(shards, pool, on_files):
        write_part(store, shard, part)
        counts += part.counts
    return counts


def _pool_of(options: BulkOptions, work: Work) -> Pool:
    if options.engine == RAY:
        from agemodel.bulk.ray_pool import RayPool

        return RayPool(work, options.workers, options.address)
    return LocalPool(work, options.workers or os.cpu_count() or 1)


def _opened(
    store: Store, settings: Settings, resume: bool, on_progress: OnProgress
) -> BulkRecord:
    """The record of the run that is gone on with, or of a new one."""
    names = store.names()
    if RECORD in names:
        if not resume:
            raise BulkError(
                f"{store.name} holds a bulk run already. Go on with it by --resume, or "
                "choose another folder."
            )
        record = read_record(store)
        check_same(record.settings, settings)
        check_list(store, record.listed)
        return record
    if strangers := names - {LIST}:
        raise BulkError(
            f"{store.name} holds other files ({min(strangers)}): expected a new or an "
            "empty folder for the results."
        )
    listed = write_list(
        store,
        find_files(settings.source),
        settings.shard_files,
        lambda count: on_progress(count, None, LISTING),
    )
    record = BulkRecord(settings, listed, installed_versions(), started=_now())
    write_record(store, record)
    return record


def _counts_of_done(store: Store, on_progress: OnProgress) -> dict[int, Counts]:
    """What the shards that are done hold, by their numbers.

    One of which a part is missing or cut off is none of them, and is done anew.
    """
    numbers, found = sorted(done_shards(store)), {}
    with ThreadPoolExecutor(_READERS) as readers:
        read = readers.map(partial(read_counts, store), numbers)
        for checked, (shard, counts) in enumerate(zip(numbers, read, strict=True), 1):
            if counts is not None:
                found[shard] = counts
            on_progress(checked, len(numbers), CHECKING)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
