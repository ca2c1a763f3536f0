"""Small archives of small images, made for the tests."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tests.harness.made_archives import zip_of
from tests.harness.pictures import file_of, flat

Files = Iterable[tuple[str, bytes]]


def tiny_jpeg(shade: int = 128) -> bytes:
    """A JPEG of 8 x 8 px in one shade of grey."""
    return file_of(flat("RGB", (shade,) * 3, (8, 8)), "JPEG")


def face_name(number: int, age: int = 30) -> str:
    """A proper name that differs with `number`, 0 to 999,999,999."""
    return f"{age}_{number % 2}_{number % 5}_20170101{number:09d}.jpg.chip.jpg"


def faces(count: int, age: int = 30, folder: str = "UTKFace/") -> list:
    """`count` proper files, (path, JPEG bytes), no two with the same name."""
    return [
        (folder + face_name(number, age), tiny_jpeg(number % 256))
        for number in range(count)
    ]


def write_tar(path: Path, files: Files) -> Path:
    """A tar, packed with gzip unless the name ends with .tar."""
    mode = "w" if path.suffix == ".tar" else "w:gz"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files:
            add_to_tar(archive, name, data)
    return path


def add_to_tar(
    archive: tarfile.TarFile,
    name: str,
    data: bytes = b"",
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
) -> None:
    """Add a member of any kind under any name."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(data), kind, target
    archive.addfile(info, io.BytesIO(data))


def write_zip(path: Path, files: Files) -> Path:
    """A zip packed with deflate."""
    path.write_bytes(zip_of(*files))
    return path


def write_folder(path: Path, files: Files) -> Path:
    """A folder with the same files."""
    for name, data in files:
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return path


def splits_of(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """A table as returned by `read_splits`."""
    return pd.DataFrame(rows, columns=["file", "split", "coral", "seed"], dtype=str)
