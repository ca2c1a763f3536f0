"""A snapshot of the live camera, which its page names in the address."""

from __future__ import annotations

import streamlit as st

from agemodel.live import snapshots
from agemodel.serving import Batch

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
