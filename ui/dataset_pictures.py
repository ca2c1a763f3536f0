"""The imported pictures of the dataset, as they lie on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image

from agemodel.core import paths
from agemodel.core.errors import AgeModelError, DatasetError
from agemodel.dataset.index import image_path, images_dir
from agemodel.images import read_image

COMMANDS = """
python -m agemodel data import UTKFace.tar.gz   # an archive or folder you have
python -m agemodel data download                # or fetch it; asks about the terms
""".strip()
"""What brings the pictures here."""

CACHED_PAGES = 40
LARGE_BYTES, THUMBNAIL_PX = 200_000, 400
"""A larger file, as labelled sets may have, is shown as a JPEG of so many pixels."""
_AS_THEY_ARE = (b"\xff\xd8", b"\x89PNG")
"""How JPEG and PNG begin; of other kinds the same is shown."""


def pictures_dir() -> Path | None:
    """Where the imported pictures lie, if they are there."""
    try:
        return images_dir(paths.data_dir())
    except DatasetError:
        return None


def read_pictures(folder: Path | None, files: tuple[str, ...]) -> list[bytes]:
    """The content of each file; empty where it is missing or no picture."""
    return [b""] * len(files) if folder is None else _read(folder, files)


def needed_pictures(files: Sequence[str]) -> list[bytes]:
    """The content of every file.

    Raises:
        DatasetError: nothing is imported, or a picture is missing or damaged.
    """
    found = [_content(image_path(paths.data_dir(), file)) for file in files]
    if missing := found.count(b""):
        raise DatasetError(missing_in_words(missing))
    return found


def missing_in_words(count: int) -> str:
    """Say that pictures are missing, and what brings them back."""
    return (
        f"Pictures of {count} of these faces are missing. Import the archive "
        "again: `python -m agemodel data import ARCHIVE`"
    )


def show_missing(count: int) -> None:
    """Warn of missing pictures, if there are any."""
    if count:
        st.warning(missing_in_words(count), icon=":material/broken_image:")


@st.cache_data(max_entries=CACHED_PAGES, show_spinner=False)
def _read(folder: Path, files: tuple[str, ...]) -> list[bytes]:
    return [_content(folder / file) for file in files]


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if len(content) > LARGE_BYTES or not content.startswith(_AS_THEY_ARE):
            return _thumbnail(content)
        Image.open(BytesIO(content), formats=("JPEG", "PNG")).close()
    except (OSError, AgeModelError):
        return b""
    return content


def _thumbnail(content: bytes) -> bytes:
    picture = Image.fromarray(read_image(content).rgb)
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    small = BytesIO()
    picture.save(small, "JPEG")
    return small.getvalue()
