"""Getting the images in the background: one import or download at a time, watched.

A `Getter` runs `import_dataset` or `download_dataset` in a thread. Everyone who asks it
is told the same; nobody has to stay.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import AgeModelError, DatasetError
from agemodel.dataset.archive import check_source, import_dataset
from agemodel.dataset.download import LicenceNotAccepted, download_dataset
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.url_download import check_address, shown_url

MIRROR, ADDRESS, DISK = "mirror", "address", "disk"
SOURCES = (MIRROR, ADDRESS, DISK)
IDLE, RUNNING = "idle", "running"
DONE, FAILED, CANCELLED = "done", "failed", "cancelled"
DOWNLOAD, IMPORT = "download", "import"
_WINDOW_S = 6.0  # over which the rate is taken
_SETTLED_S = 1.0  # before which no rate is told
_BROKEN = (
    "The work ended without an answer, which is a fault of this program: the server's "
    "log says more. Start the same again."
)
_CANCELLED = {
    MIRROR: "The download was cancelled. What has come is kept; start the same "
    "download again to go on.",
    ADDRESS: "The download was cancelled. Nothing of it is kept: the same download "
    "begins anew.",
    DISK: "The import was cancelled. Nothing of it is left, and the source is as it "
    "was.",
}


class GettingCancelled(DatasetError):
    """Somebody cancelled; a dataset that was there before is still there."""


@dataclass(frozen=True)
class Wanted:
    """From where the images are to come.

    Attributes:
        source: one of `SOURCES`.
        place: an address, or a path on this machine; nothing for the mirror.
        sha256: of the archive at an address, in hexadecimal; empty if not known.
    """

    source: str
    place: str = ""
    sha256: str = ""

    @property
    def name(self) -> str:
        """The source as it may be shown: without what may be secret in an address."""
        if self.source == MIRROR:
            return "the mirror on Kaggle"
        return shown_url(self.place) if self.source == ADDRESS else self.place

    @property
    def path(self) -> Path:
        """The place on this machine's disk."""
        return Path(os.path.expanduser(self.place))

    def check(self, data_dir: Path) -> None:
        """Refuse what cannot come to anything, before anything is done.

        Raises:
            DatasetError: nothing is named or there, or the address or checksum is none.
        """
        if self.source == ADDRESS:
            check_address(self.place, self.sha256)
        if self.source == DISK:
            if not self.place:
                raise DatasetError(
                    "Give the path of UTKFace.tar.gz on this machine, or of the folder "
                    "of its images."
                )
            check_source(self.path, data_dir)


@dataclass(frozen=True)
class Snapshot:
    """How far a job is, at one moment.

    Attributes:
        number: of the job in this process, from 1; 0 before the first.
        phase: `IDLE`, `RUNNING`, `DONE`, `FAILED` or `CANCELLED`.
        wanted: from where.
        step: `DOWNLOAD` or `IMPORT`.
        text: a phrase about the step, such as "connecting".
        done_bytes: of this step.
        total_bytes: of this step, if known.
        bytes_per_s: over the last seconds, once that can be told.
        cancelling: whether it was asked to stop.
        report: what came of it, if it is done.
        problem: why it failed or was cancelled, else empty.
    """

    number: int = 0
    phase: str = IDLE
    wanted: Wanted = Wanted(MIRROR)
    step: str = IMPORT
    text: str = ""
    done_bytes: int = 0
    total_bytes: int | None = None
    bytes_per_s: float | None = None
    cancelling: bool = False
    report: ImportReport | None = None
    problem: str = ""

    @property
    def seconds_left(self) -> float | None:
        """Of this step, at the rate of the last seconds."""
        if not self.bytes_per_s or self.total_bytes is None:
            return None
        return (self.total_bytes - self.done_bytes) / self.bytes_per_s


class Getter:
    """Gets the images, one job at a time. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._now = Snapshot()
        self._rate = _Rate()

    def start(self, wanted: Wanted, data_dir: Path, *, licence_accepted: bool) -> None:
        """Begin in the background.

        Raises:
            LicenceNotAccepted: `licence_accepted` is false.
            DatasetError: a job is running, or `wanted` cannot come to anything.
        """
        if not licence_accepted:
            raise LicenceNotAccepted("Accept the terms of UTKFace first.")
        wanted.check(data_dir)
        with self._lock:
            if self._now.phase == RUNNING:
                raise DatasetError(
                    "The images are being fetched already; wait for it to end."
                )
            self._cancel = threading.Event()
            self._rate = _Rate()
            step = IMPORT if wanted.source == DISK else DOWNLOAD
            number = self._now.number + 1
            self._now = Snapshot(number, RUNNING, wanted, step, "starting")
            work = (wanted, data_dir, self._cancel)
        # A daemon: a server that is stopped does not wait for it.
        threading.Thread(
            target=self._run, args=work, name="getting", daemon=True
        ).start()

    def cancel(self) -> None:
        """Ask the running job to stop: within a second, or where a server at an address
        does not answer, within `url_download.TIMEOUTS_S`."""
        with self._lock:
            if self._now.phase == RUNNING:
                self._cancel.set()
                self._now = replace(self._now, cancelling=True)

    def snapshot(self) -> Snapshot:
        """How far it is."""
        with self._lock:
            if self._now.phase != RUNNING:
                return self._now
            return replace(self._now, bytes_per_s=self._rate.bytes_per_s())

    def _run(self, wanted: Wanted, data_dir: Path, cancel: threading.Event) -> None:
        """Do the work and note how it ended, whatever happens."""
        end: dict = {"phase": FAILED, "problem": _BROKEN}
        try:
            report = self._get(wanted, data_dir, cancel)
            end = {"phase": DONE, "report": report}
        except GettingCancelled as error:
            end = {"phase": CANCELLED, "problem": str(error)}
        except AgeModelError as error:
            end = {"phase": FAILED, "problem": str(error)}
        finally:
            with self._lock:
                self._now = replace(self._now, **end, cancelling=False)

    def _get(
        self, wanted: Wanted, data_dir: Path, cancel: threading.Event
    ) -> ImportReport:
        import_progress = self._teller(IMPORT, wanted, cancel)
        if wanted.source == DISK:
            return import_dataset(wanted.path, data_dir, progress=import_progress)
        report = download_dataset(
            data_dir,
            None if wanted.source == MIRROR else wanted.place,
            licence_accepted=True,
            sha256=wanted.sha256,
            progress=self._teller(DOWNLOAD, wanted, cancel),
            import_progress=import_progress,
        )
        return report.imported

    def _teller(self, step: str, wanted: Wanted, cancel: threading.Event) -> OnProgress:
        """What notes the progress of a step, and ends it once `cancel` is set."""

        def tell(done: int, total: int | None, text: str) -> None:
            if cancel.is_set():
                raise GettingCancelled(_CANCELLED[wanted.source])
            with self._lock:
                if step != self._now.step:
                    self._rate = _Rate()
                self._rate.add(done)
                self._now = replace(
                    self._now, step=step, text=text, done_bytes=done, total_bytes=total
                )

        return tell


class _Rate:
    """Bytes a second over the last seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, done: int) -> None:
        """Note how many bytes are done now."""
        if self._samples and done < self._samples[-1][1]:
            self._samples.clear()  # it began anew
        self._samples.append((time.monotonic(), done))

    def bytes_per_s(self) -> float | None:
        """The rate, which falls while nothing comes; None where it is not known."""
        now = time.monotonic()
        while len(self._samples) > 1 and self._samples[1][0] < now - _WINDOW_S:
            self._samples.popleft()  # one that is older than the window stays
        if not self._samples or now - self._samples[0][0] < _SETTLED_S:
            return None
        began, before = self._samples[0]
        return (self._samples[-1][1] - before) / (now - began)
