"""What every download shares, whatever it fetches from.

Reporting, cancelling, trying again, and refusing what does not fit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from agemodel.core.errors import DatasetError
from agemodel.core.files import check_room, data_place, megabytes
from agemodel.dataset.archive import Progress

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
TIMEOUTS_S = (10.0, 30.0)
_LONGEST_PAUSE_S = 60.0  # that a server may ask for
_WORTH_BYTES = 1 << 16  # an attempt that brought this much was not in vain


class DownloadCancelled(DatasetError):
    """Somebody cancelled a download; what had come is kept."""


class Interruption(Exception):
    """An attempt failed in a way that may pass; its text is a sentence.

    Attributes:
        wait_s: how long the server asks to be left alone.
    """

    def __init__(self, sentence: str, wait_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Transfer:
    """How to fetch, whatever the source.

    Attributes:
        folder: what has come lies here.
        max_bytes: a larger file is refused.
        progress: called with the bytes done, their total if known, and a phrase.
        cancel: set it, from any thread, to stop.
        pauses_s: before the second attempt, the third and so on; the one after the
            last pause fails for good.
        timeouts_s: to connect, and between two pieces.
    """

    folder: Path
    max_bytes: int
    progress: Progress | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    pauses_s: tuple[float, ...] = PAUSES_S
    timeouts_s: tuple[float, float] = TIMEOUTS_S

    def tell(self, done: int, total: int | None, text: str = "downloading") -> None:
        """Report progress.

        Raises:
            DownloadCancelled: `cancel` is set.
        """
        self.check_cancelled()
        if self.progress is not None:
            self.progress(done, total, text)

    def check_cancelled(self) -> None:
        """End here if somebody cancelled.

        Raises:
            DownloadCancelled: `cancel` is set.
        """
        if self.cancel.is_set():
            raise DownloadCancelled(
                "The download was cancelled. What has come is kept; start the same "
                "download again to go on."
            )

    def check_size(self, done: int, total: int | None, copies: float) -> None:
        """Refuse a file that is too large, or for which the disk has no room.

        Args:
            done: bytes that lie here already.
            total: bytes of the file, if known.
            copies: how much room the file needs after it has come, in its own sizes.
        """
        if max(done, total or 0) > self.max_bytes:
            raise DatasetError(
                f"The download is refused: it is larger than "
                f"{megabytes(self.max_bytes)}, and UTKFace is not. Check the address."
            )
        needed = 0 if total is None else int(total - done + copies * total)
        what = "the download and its import need"
        check_room(what, needed, data_place(self.folder), DatasetError)

    def persist(
        self,
        attempt: Callable[[], Path],
        held: Callable[[], tuple[int, int | None]],
    ) -> Path:
        """Call `attempt` until it does not end with an `Interruption`.

        Args:
            attempt: one attempt.
            held: how many bytes have come so far, and of how many if known. An
                attempt that brought some does not count as failed.

        Raises:
            DatasetError: too many attempts in a row brought nothing.
        """
        failures, most = 0, held()[0]
        while True:
            try:
                return attempt()
            except Interruption as interruption:
                if held()[0] >= most + _WORTH_BYTES:
                    failures, most = 0, held()[0]
                if failures == len(self.pauses_s):
                    raise DatasetError(
                        f"{interruption} {failures + 1} attempts in a row failed. "
                        "Start the same download again later: it goes on from what has "
                        "come, where the server can."
                    ) from interruption
                wait_s = min(interruption.wait_s, _LONGEST_PAUSE_S)
                pause_s = max(self.pauses_s[failures], wait_s)
            failures += 1
            self.tell(*held(), f"interrupted; again in {pause_s:.0f} s")
            self.cancel.wait(pause_s)
            self.tell(*held(), "connecting")


@contextmanager
def on_cancel(cancel: threading.Event, stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` once `cancel` is set, so that a read that stalls ends at once."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if cancel.is_set():
                with suppress(OSError, RuntimeError, ValueError):  # it has ended itself
                    stop()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
