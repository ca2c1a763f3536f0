"""UTKFace from Kaggle, by Kaggle's own client `kagglehub`.

The client cannot be cancelled and reports only to a terminal. So it runs in a process
of its own (`kaggle`), which can be killed at any moment: it goes on where it stopped.
Its bars come back as plain numbers, by tqdm's own setting for their format.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.core.files import REFUSALS
from agemodel.dataset.transfer import Interruption, Transfer, on_cancel

HANDLE = "jangedoo/utkface-new"
CACHE_NAME = "kaggle"
_IMAGES = "UTKFace"  # the mirror holds the same faces in other folders once more
_BAR = re.compile(rb"<(\d+) of (\d+)>")
_BAR_FORMAT = "<{n} of {total}>"
_BY_HAND = (
    "Or download UTKFace.tar.gz from another place and import it: python -m agemodel "
    "data import UTKFace.tar.gz"
)


def fetch_mirror(transfer: Transfer) -> Path:
    """Fetch the mirror's images, or the rest of them.

    No account is needed; one that is set up for kagglehub is used.

    Returns:
        The folder of the images, somewhere in `CACHE_NAME` in the transfer's folder.

    Raises:
        DownloadCancelled: `transfer.cancel` was set.
        DatasetError: kagglehub is missing, Kaggle refuses, there is no room, or the
            connection failed too often.
        OSError: the disk does not take it.
    """
    if importlib.util.find_spec("kagglehub") is None:
        raise DatasetError(
            "The download from Kaggle needs kagglehub, which is not installed. Install "
            f"it: {sys.executable} -m pip install kagglehub. {_BY_HAND}"
        )
    cache = transfer.folder / CACHE_NAME
    cache.mkdir(parents=True, exist_ok=True)
    root = transfer.persist(
        lambda: _attempt(cache, transfer), lambda: (_held(cache), None)
    )
    images = root / _IMAGES
    return images if images.is_dir() else root


def _held(cache: Path) -> int:
    """Bytes of the archive that have come."""
    return sum(path.stat().st_size for path in cache.glob("datasets/**/*.archive"))


def _attempt(cache: Path, transfer: Transfer) -> Path:
    transfer.tell(_held(cache), None, "asking Kaggle")
    with _client(cache) as process, on_cancel(transfer.cancel, process.kill):
        assert process.stderr is not None and process.stdout is not None
        for done, total in _bars(process.stderr):
            transfer.check_size(done, total, copies=2.5)
            transfer.tell(done, total, "unpacking" if done == total else "downloading")
        answer = process.stdout.read()
    transfer.check_cancelled()
    return _understand(answer)


@contextmanager
def _client(cache: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The client's process; it ends with this block, and with this process."""
    ours = {
        "KAGGLEHUB_CACHE": str(cache.resolve()),
        "TQDM_BAR_FORMAT": _BAR_FORMAT,
        "TQDM_MININTERVAL": "0.2",
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TQDM_")}
    with subprocess.Popen(
        [sys.executable, "-m", "agemodel.dataset.kaggle", HANDLE],
        cwd=paths.ROOT,
        env=kept | ours,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _bars(stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """What the client's bars say, (done, total) in bytes, until it ends."""
    rest = b""
    while piece := stream.read1(1 << 12):  # type: ignore[attr-defined]
        rest += piece
        for found in _BAR.finditer(rest):
            yield int(found[1]), int(found[2])
        rest = rest[rest.rfind(b">") + 1 :][-100:]  # the beginning of a bar


def _understand(answer: bytes) -> Path:
    """The client's answer as the folder it names, or as an error."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = {"error": "it ended without an answer"}
    if "path" in said:
        return Path(said["path"])
    if said.get("errno") in REFUSALS:
        raise OSError(said["errno"], os.strerror(said["errno"]))
    status = said.get("status")
    if said.get("passing") or status == 429 or (status or 0) >= 500:
        raise Interruption("The connection to Kaggle broke, or it is out of order.")
    if status in (401, 403):
        raise DatasetError(
            f"Kaggle wants a login for {HANDLE} (HTTP {status}). Put a token of your "
            f"account into the environment as KAGGLE_API_TOKEN. {_BY_HAND}"
        )
    if status == 404:
        raise DatasetError(f"Kaggle has no data set {HANDLE} any more. {_BY_HAND}")
    raise DatasetError(
        f"kagglehub failed ({said['error']}). Bring it up to date: {sys.executable} -m "
        f"pip install --upgrade kagglehub. {_BY_HAND}"
    )
