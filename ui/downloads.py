"""Buttons that download files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePath
from typing import Any

import streamlit as st

_KINDS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


def show_download(
    label: str, file_name: str, make: Callable[[], bytes], key: str, **style: Any
) -> None:
    """Draw a button that makes a file once it is pressed, and downloads it.

    Args:
        label: on the button.
        file_name: of the file; its ending says of which kind it is.
        make: makes the file's content.
        key: unique in the session.
        style: passed on to `st.download_button`.
    """
    st.download_button(
        label,
        make,
        file_name=file_name,
        mime=_KINDS[PurePath(file_name).suffix],
        key=key,
        icon=":material/download:",
        on_click="ignore",
        **style,
    )


def show_files(
    page: str, files: Iterable[tuple[str, str, Callable[[], bytes]]], **style: Any
) -> None:
    """Draw a button a file, given as `show_download` takes its first three."""
    for label, file_name, make in files:
        key = f"{page}_download_{file_name}"
        show_download(label, file_name, make, key, width="stretch", **style)
