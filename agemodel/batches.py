"""The photos of one visit: those that wait and those that are done.

A web page may be interrupted and run again at any moment, and for a moment two runs
may overlap. So the batch, not the page, knows what is done: a photo is judged under a
lock, and its result is kept before anybody else can ask for the next.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from agemodel.errors import AgeModelError
from agemodel.results.judging import FaceEstimator, PhotoResult, judge
from agemodel.uploads import MAX_PHOTOS, Upload, find_photos

_FAILED = (
    "{name} could not be judged: something in this app failed on it, and the log says "
    "what. The other photos are not affected."
)


@dataclass(eq=False)
class Entry:
    """A photo and, once it has been judged, its result.

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
        self._judged: dict[str, PhotoResult] = {}
        self._lock = threading.Lock()

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Let photos, and archives of photos, wait for their turn."""
        self._append(find_photos(files, MAX_PHOTOS - len(self.entries)))

    def add_upload(self, upload: Upload) -> None:
        """Let one photo wait for its turn."""
        self._append([upload])

    def _append(self, uploads: Iterable[Upload]) -> None:
        intake = self.entries[-1].intake + 1 if self.entries else 0
        for upload in uploads:
            number = len(self.entries)
            self._waiting[number] = upload
            self.entries.append(Entry(number, intake, upload.name))

    @property
    def waiting_count(self) -> int:
        """How many photos wait for their turn."""
        return len(self._waiting)

    @property
    def results(self) -> list[PhotoResult]:
        """The results so far, in the order of the photos."""
        return [entry.result for entry in self.entries if entry.result is not None]

    def step(self, estimator: FaceEstimator) -> Entry | None:
        """Judge the next photo and let go of its bytes; None when none is waiting.

        A photo that makes the program itself fail is an error line, and the failure is
        raised, once.
        """
        with self._lock:
            number = next(iter(self._waiting), None)
            if number is None:
                return None
            entry, upload = self.entries[number], self._waiting[number]
            try:
                entry.result = self._judge(estimator, upload)
            except Exception:
                failed = _FAILED.format(name=upload.name)
                entry.result = PhotoResult(upload.name, error=failed)
                raise
            finally:
                del self._waiting[number]
            return entry

    def _judge(self, estimator: FaceEstimator, upload: Upload) -> PhotoResult:
        try:
            content = upload.read()
        except AgeModelError as error:
            return PhotoResult(upload.name, error=str(error))
        digest = hashlib.sha256(content).hexdigest()
        known = self._judged.get(digest)
        if known is not None:
            return replace(known, name=upload.name, notes=known.notes + upload.notes)
        result = judge(estimator, content, upload.name, keep_preview=True)
        if result.error is None:  # a sentence names its own file
            self._judged[digest] = result
        return replace(result, notes=result.notes + upload.notes)

    def redo(self, entry: Entry, again: Callable[[PhotoResult], PhotoResult]) -> None:
        """Replace a result by what `again` makes of it."""
        with self._lock:
            if entry.result is not None:
                entry.result = again(entry.result)
                entry.version += 1
