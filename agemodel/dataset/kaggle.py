"""Kaggle's own client, `kagglehub`, in a process of its own: see `mirror`.

It is started with `python -m agemodel.dataset.kaggle HANDLE`, answers with one line of
JSON and ends when its standard input does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from contextlib import redirect_stdout, suppress
from typing import Any

import requests


def main(handle: str) -> None:
    """Download `handle` with kagglehub and print one line of JSON about it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with redirect_stdout(sys.stderr):  # the library prints
            kagglehub: Any = importlib.import_module("kagglehub")
            answer = {"path": str(kagglehub.dataset_download(handle))}
    except Exception as error:  # of a library whose errors have no common base
        answer = _describe(error)
    print(json.dumps(answer), flush=True)


def _describe(error: Exception) -> dict[str, Any]:
    """What went wrong; a library's own text may hold a signed address and stays out."""
    reason = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        reason = error.strerror
    passing = isinstance(
        error,
        requests.ConnectionError
        | requests.Timeout
        | requests.exceptions.ChunkedEncodingError,
    )
    response = getattr(error, "response", None)
    return {
        "error": reason,
        "errno": error.errno if isinstance(error, OSError) else None,
        "passing": passing or reason == "DataCorruptionError",
        "status": getattr(response, "status_code", None),
    }


def _end_with_parent() -> None:
    """The other end of stdin closes when the parent ends, however it ends."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1 << 10):  # no lock is held at the exit
            pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
