"""An iterator that works ahead in a thread of its own, by a few items."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")

_POLL_S = 0.2


@dataclass(frozen=True)
class _End:
    """Of the items, with the error that ended them, if any."""

    error: BaseException | None = None


def prefetched(items: Iterator[Item], ahead: int = 4) -> Generator[Item]:
    """The items in their order; closed, it lets the thread end.

    An error of the iterator is raised after the items before it.

    Args:
        items: an iterator that only that thread uses from now on.
        ahead: how many items wait at most.
    """
    waiting: queue.Queue[Item | _End] = queue.Queue(maxsize=ahead)
    stopped = threading.Event()

    def work() -> None:
        end = _End()
        try:
            for item in items:
                if not _put(waiting, item, stopped):
                    return
        except BaseException as error:  # raised anew where the items are used
            end = _End(error)
        _put(waiting, end, stopped)

    thread = threading.Thread(target=work, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item = waiting.get()
            if isinstance(item, _End):
                if item.error:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
        thread.join()


def _put(
    waiting: queue.Queue[Item | _End], item: Item | _End, stopped: threading.Event
) -> bool:
    """Put an item once there is room; False where nobody wants it any more."""
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=_POLL_S)
            return True
        except queue.Full:
            continue
    return False
