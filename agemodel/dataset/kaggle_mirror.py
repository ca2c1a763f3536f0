"""UTKFace from Kaggle, fetched by Kaggle's own client `kagglehub`.

The client goes on from what has come, whenever it is started again. It cannot be
cancelled and reports only to a terminal, so it runs in a process of its own (see
`kaggle_client`), which can be killed at any moment. Its progress bars are read back as
numbers: tqdm takes their format from the environment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import IO

from agemodel.core import paths
from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.files import REFUSALS

HANDLE = "jangedoo/utkface-new"
_IMAGES = "UTKFace"  # the mirror holds the same faces in other folders once more
_BAR = re.compile(rb"<(\d+) of (\d+)>")
_BAR_FORMAT = "<{n} of {total}>"
_POLL_S = 0.2
_BY_HAND = (
    "Or download UTKFace.tar.gz from another place and import it: python -m agemodel "
    "data import UTKFace.tar.gz"
)


def fetch_mirror(cache: Path, on_progress: OnProgress) -> Path:
    """Fetch the mirror's images, or the rest of them.

    No account is needed; one that is set up for kagglehub is used.

    Args:
        cache: a folder for kagglehub, made if it is missing.
        on_progress: told the bytes that have come; also while none comes, so that it
            can cancel.

    Returns:
        The folder of the images, somewhere in `cache`.

    Raises:
        DatasetError: kagglehub fails, Kaggle refuses or the connection broke.
        OSError: the disk does not take it.
    """
    cache.mkdir(parents=True, exist_ok=True)
    root = _path_in(_run_client(cache, on_progress))
    images = root / _IMAGES
    return images if images.is_dir() else root


def is_begun(cache: Path) -> bool:
    """Whether a download that did not end is there to go on from."""
    return any(cache.glob("datasets/*"))


def _run_client(cache: Path, on_progress: OnProgress) -> bytes:
    """Run the client to its end, report meanwhile, and return its answer."""
    with _start_client(cache) as process:
        assert process.stderr is not None and process.stdout is not None
        last = deque([(_held_bytes(cache), None, "asking Kaggle")], maxlen=1)
        reader = Thread(target=last.extend, args=(_bars(process.stderr),))
        reader.start()
        try:
            while reader.is_alive():
                on_progress(*last[0])
                reader.join(_POLL_S)
            on_progress(*last[0])
        finally:
            process.kill()
            reader.join()
        return process.stdout.read()


def _start_client(cache: Path) -> subprocess.Popen[bytes]:
    """The client's process; it ends with this one."""
    ours = {
        "KAGGLEHUB_CACHE": str(cache.resolve()),
        "TQDM_BAR_FORMAT": _BAR_FORMAT,
        "TQDM_MININTERVAL": "0.2",
    }
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TQDM_")}
    return subprocess.Popen(
        [sys.executable, "-m", "agemodel.dataset.kaggle_client", HANDLE],
        cwd=paths.ROOT,
        env=kept | ours,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _held_bytes(cache: Path) -> int:
    """Bytes of the archive that have come."""
    return sum(path.stat().st_size for path in cache.glob("datasets/**/*.archive"))


def _bars(stream: IO[bytes]) -> Iterator[tuple[int, int, str]]:
    """What the client's bars say, as `OnProgress` takes it, until the client ends."""
    rest = b""
    while piece := stream.read1(1 << 12):  # type: ignore[attr-defined]
        rest += piece
        for found in _BAR.finditer(rest):
            done, total = int(found[1]), int(found[2])
            yield done, total, "unpacking" if done == total else "downloading"
        rest = rest[rest.rfind(b">") + 1 :][-100:]  # the beginning of a bar


def _path_in(answer: bytes) -> Path:
    """The folder that the client's answer names, or the error that it tells of."""
    try:
        said = json.loads(answer)
    except ValueError:
        said = {"error": "it ended without an answer"}
    if "path" in said:
        return Path(said["path"])
    if said.get("errno") in REFUSALS:
        raise OSError(said["errno"], os.strerror(said["errno"]))
    status = said.get("status") or 0
    if said.get("broke") or status == 429 or status >= 500:
        raise DatasetError(
            "The connection to Kaggle broke, or it is out of order. Start the same "
            f"download again: it goes on from what has come. {_BY_HAND}"
        )
    if status in (401, 403):
        raise DatasetError(
            f"Kaggle wants a login for {HANDLE} (HTTP {status}). Put a token of your "
            f"account into the environment as KAGGLE_API_TOKEN. {_BY_HAND}"
        )
    raise DatasetError(
        f"kagglehub failed ({said['error']}). Bring it up to date: {sys.executable} -m "
        f"pip install --upgrade kagglehub. {_BY_HAND}"
    )
