"""The ways to bring photos."""

from __future__ import annotations

import streamlit as st

from agemodel.batches import Batch
from agemodel.images import SUFFIXES
from agemodel.uploads import MAX_PHOTOS
from ui import session, states

FILES, FOLDER, CAMERA = "Files", "Folder", "Camera"


def show_intake(batch: Batch) -> None:
    """Let the visitor bring photos; each goes straight into the batch."""
    source = st.segmented_control(
        "Bring photos from",
        [FILES, FOLDER, CAMERA],
        default=FILES,
        required=True,
        key=session.SOURCE,
        persist_state="session",
        width="stretch",
    )
    {FILES: _files, FOLDER: _folder, CAMERA: _camera}[source](batch)
    if batch.entries:
        with st.container(horizontal=True):
            with st.popover("Samples", icon=":material/photo_library:"):
                states.show_samples(batch)
            st.button("Clear all", icon=":material/delete:", on_click=session.clear)


def _files(batch: Batch) -> None:
    key = session.widget_key("files")
    st.file_uploader(
        f"Photos, or a .zip of photos; up to {MAX_PHOTOS} at a time",
        accept_multiple_files=True,
        key=key,
        on_change=_take,
        args=(batch, key),
    )


def _folder(batch: Batch) -> None:
    key = session.widget_key("folder")
    st.file_uploader(
        "A folder and the folders in it; files other than pictures are left alone",
        type=list(SUFFIXES),
        accept_multiple_files="directory",
        key=key,
        on_change=_take,
        args=(batch, key),
    )


def _camera(batch: Batch) -> None:
    key = session.widget_key("camera")
    st.camera_input(
        "A photo from the camera", key=key, on_change=_take, args=(batch, key)
    )


def _take(batch: Batch, key: str) -> None:
    """Move what a widget holds into the batch; the widget starts anew, empty."""
    value = st.session_state[key]
    files = value if isinstance(value, list) else [value]
    files = [file for file in files if file is not None]
    batch.add([(file.name, file.getvalue()) for file in files])
    session.let_go(files)
    session.start_round()
