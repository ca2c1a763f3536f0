"""The ways to bring photos."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from agemodel.core.caps import caps, in_mb
from agemodel.images import SUFFIXES
from agemodel.live import snapshots
from agemodel.serving import Batch
from ui.estimate import estimate_states, session
from ui.permission import may_change

FILES, FOLDER, CAMERA = "Files", "Folder", "Camera"
LARGE = "estimate_large_drop"
"""Key of what ui/app.css makes a large place to drop photos onto."""

QUERY = "snapshot"
GONE = (
    "The snapshot is gone: one is kept for a minute, and fetched once. Take it again "
    "with the live camera."
)


def take_snapshot(batch: Batch) -> None:
    """Put the snapshot that the address names into the batch, once."""
    name = st.query_params.get(QUERY)
    if name is None:
        return
    del st.query_params[QUERY]
    photo = snapshots.WAITING.fetch(name)
    if photo is None:
        st.warning(GONE, icon=":material/photo_camera:")
    else:
        batch.add([("snapshot.jpg", photo)])


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
        label_visibility="collapsed",
    )
    with st.container(key=None if batch.entries else LARGE):
        {FILES: _files, FOLDER: _folder, CAMERA: _camera}[source]()
    with st.container(horizontal=True):
        st.link_button("Live camera", "live", icon=":material/videocam:")
        if may_change() and st.button(
            "A folder on this machine", icon=":material/folder_open:"
        ):
            st.switch_page("pages/folder.py")
    if batch.entries:
        with st.container(horizontal=True):
            with st.popover("Samples", icon=":material/photo_library:"):
                estimate_states.show_samples(pictures=False)
            st.button("Clear all", icon=":material/delete:", on_click=session.clear)


def _files() -> None:
    st.file_uploader(
        f"Photos, or a .zip of photos; {_at_a_time()}",
        accept_multiple_files=True,
        **_taking(FILES),
    )


def _folder() -> None:
    st.file_uploader(
        f"A folder and the folders in it; {_at_a_time()}. Files other than pictures "
        "are left alone",
        type=list(SUFFIXES),
        accept_multiple_files="directory",
        **_taking(FOLDER),
    )


def _at_a_time() -> str:
    """The caps on photos and bytes in words."""
    limits = caps()
    return f"up to {limits.photos:,} at a time, {in_mb(limits.waiting_bytes)} together"


def _camera() -> None:
    st.camera_input("A photo from the camera", resolution="720p", **_taking(CAMERA))


def _taking(source: str) -> dict[str, Any]:
    """Arguments for a widget, of which what it holds is moved into the batch."""
    key = session.widget_key(source)
    return {"key": key, "on_change": _take, "args": (source,)}


def _take(source: str) -> None:
    """Move what a widget holds into the batch; the widget starts anew, empty.

    A browser may send the state of the widget before this one once more, whose files
    are gone by then. So the key is that of now, and files must still be files.
    """
    value = st.session_state.get(session.widget_key(source))
    given = value if isinstance(value, list) else [value]
    files = [file for file in given if isinstance(file, UploadedFile)]
    if not files:
        return
    session.batch().add([(file.name, file.getvalue()) for file in files])
    session.let_go(files)
    session.start_round()
