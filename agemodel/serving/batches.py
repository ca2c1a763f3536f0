"""The photos of one visit: those that wait and those that are done.

A web page may be interrupted and run again at any moment, and for a moment two runs
may overlap. So the batch, not the page, knows what is done: a photo is estimated under
a lock, and its result is kept before anybody else can ask for the next.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agemodel.core.caps import caps
from agemodel.core.errors import AgeModelError
from agemodel.serving.known_ages import KnownAge
from agemodel.serving.photo_estimates import FaceEstimator, PhotoResult, estimate_photo
from agemodel.serving.uploads import Upload, find_photos

_FAILED = (
    "{name} could not be estimated: something in this app failed on it, and the log "
    "says what. The other photos are not affected."
)
_AGAIN = "The same photo was brought before: it is the same file, to the byte."
_FULL = (
    "{name} was left out: at most {most:,} faces are kept at a time. Download the "
    "results, clear everything, and bring the rest."
)

_turns = threading.BoundedSemaphore(min(os.cpu_count() or 1, 4))
"""Photos that are decoded at once, in all batches: those that wait stay compressed."""


@dataclass(eq=False)
class Entry:
    """A photo and, once it has been estimated, its result.

    Attributes:
        number: its place in the batch, from 0.
        intake: which call of `add` brought it, from 0.
        name: as given.
        result: None while it waits.
        version: counts its results, for what is derived from them.
        drawn: the version and the bytes of its annotated photo, once drawn.
    """

    number: int
    intake: int
    name: str
    result: PhotoResult | None = None
    version: int = 0
    drawn: tuple[int, bytes] | None = None


class Batch:
    """Photos in the order in which they came; threads may share one."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._waiting: dict[int, Upload] = {}
        self._known: dict[str, PhotoResult] = {}
        self._lock = threading.Lock()
        self._adding = threading.Lock()

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Let photos, and archives of photos, wait for their turn.

        What is over a cap on their number or on the bytes that wait is left out; a line
        says so.
        """
        limits = caps()
        room = limits.photos - len(self.entries)
        room_bytes = limits.waiting_bytes - self.waiting_bytes
        self.add_uploads(find_photos(files, room, room_bytes))

    def add_uploads(self, uploads: Iterable[Upload]) -> None:
        """Let photos wait for their turn."""
        with self._adding:
            intake = self.entries[-1].intake + 1 if self.entries else 0
            for upload in uploads:
                number = len(self.entries)
                self.entries.append(Entry(number, intake, upload.name))
                self._waiting[number] = upload  # last: now it may be estimated

    @property
    def waiting_count(self) -> int:
        """How many photos wait for their turn."""
        return len(self._waiting)

    @property
    def waiting_bytes(self) -> int:
        """How many bytes are kept for the photos that wait."""
        sources = [upload.source for upload in list(self._waiting.values())]
        return sum(map(len, {id(source): source for source in sources}.values()))

    @property
    def results(self) -> list[PhotoResult]:
        """The results so far, in the order of the photos."""
        return [entry.result for entry in self.entries if entry.result is not None]

    def step(self, estimator: FaceEstimator) -> Entry | None:
        """Estimate the next photo and let go of its bytes; None when none is waiting.

        A photo that makes the program itself fail is an error line, and the failure is
        raised, once.
        """
        with self._lock:
            number = next(iter(self._waiting), None)
            if number is None:
                return None
            entry, upload = self.entries[number], self._waiting[number]
            try:
                entry.result = self._estimate(estimator, upload)
            except Exception:
                failed = _FAILED.format(name=upload.name)
                entry.result = PhotoResult(upload.name, error=failed)
                raise
            finally:
                del self._waiting[number]
            return entry

    def _estimate(self, estimator: FaceEstimator, upload: Upload) -> PhotoResult:
        most = caps().batch_faces
        if sum(len(result.estimates) for result in self.results) >= most:
            full = _FULL.format(name=upload.name, most=most)
            return PhotoResult(upload.name, error=full)
        try:
            content = upload.read()
        except AgeModelError as error:
            return PhotoResult(upload.name, error=str(error))
        digest = hashlib.sha256(content).hexdigest()
        known = self._known.get(digest)
        if known is not None:
            notes = (*known.notes, _AGAIN, *upload.notes)
            return replace(known, name=upload.name, notes=notes)
        with _turns:
            result = estimate_photo(estimator, content, upload.name, keep_preview=True)
        if result.error is None:  # a sentence names its own file
            self._known[digest] = result
        all_known = len(upload.ages) == len(result.estimates)
        known_ages = dict(enumerate(upload.ages)) if all_known else {}
        return replace(result, notes=result.notes + upload.notes, known_ages=known_ages)

    def set_known_age(self, entry: Entry, face: int, known: KnownAge | None) -> None:
        """Keep how old the person of a face was, by its number from 0, or forget it."""
        with self._lock:
            if entry.result is not None:
                ages = {n: a for n, a in entry.result.known_ages.items() if n != face}
                ages |= {} if known is None else {face: known}
                entry.result = replace(entry.result, known_ages=ages)

    @property
    def newest_first(self) -> list[Entry]:
        """The photos as they are shown: those that came together last first."""
        return sorted(self.entries, key=lambda entry: (-entry.intake, entry.number))

    def redo(self, entry: Entry, again: Callable[[PhotoResult], PhotoResult]) -> None:
        """Replace a result by what `again` makes of it."""
        with self._lock:
            if entry.result is not None:
                entry.result = again(entry.result)
                entry.version += 1
