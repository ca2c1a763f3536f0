"""Kaggle's own client, `kagglehub`, in a process of its own: see `kaggle_mirror`.

It is started with `python -m agemodel.dataset.kaggle_client HANDLE`, answers with one
line of JSON and ends when its standard input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from contextlib import redirect_stdout, suppress
from types import TracebackType
from typing import Any

import requests


def main(handle: str) -> None:
    """Download `handle` with kagglehub and print one line of JSON about it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.excepthook = _answer_error
    with redirect_stdout(sys.stderr):  # the library prints
        kagglehub: Any = importlib.import_module("kagglehub")
        path = kagglehub.dataset_download(handle)
    print(json.dumps({"path": str(path)}), flush=True)


def _answer_error(
    kind: type[BaseException], error: BaseException, _: TracebackType | None
) -> None:
    """Print what went wrong; the library's own text may hold a signed address."""
    broke = isinstance(
        error,
        requests.ConnectionError
        | requests.Timeout
        | requests.exceptions.ChunkedEncodingError,
    )
    answer = {
        "error": kind.__name__,
        "errno": error.errno if isinstance(error, OSError) else None,
        "broke": broke or kind.__name__ == "DataCorruptionError",
        "status": getattr(getattr(error, "response", None), "status_code", None),
    }
    print(json.dumps(answer), flush=True)


def _end_with_parent() -> None:
    """The other end of stdin closes when the parent ends, however it ends."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1 << 10):  # no lock is held at the exit
            pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
