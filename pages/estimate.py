"""The front page: photos in, the age and gender of every face out."""

import streamlit as st

from agemodel.core.errors import AgeModelError
from ui import served_model
from ui.estimate import session
from ui.estimate.estimate_downloads import show_downloads
from ui.estimate.estimate_states import show_empty, show_model_missing, show_notice
from ui.estimate.intake import show_intake
from ui.estimate.photo_views import show_photos
from ui.estimate.snapshot_intake import take_snapshot

batch = session.batch()
take_snapshot(batch)
st.title("Estimate", anchor=False)
brings, results = st.columns([1, 3], gap="large")
with brings:
    show_notice(in_short=bool(batch.entries))
with results:
    try:
        served_model.check_installed()
    except AgeModelError as error:
        show_model_missing(error)
        st.stop()
with brings:
    show_intake(batch)
with results:
    if batch.entries:
        show_photos(batch)
        show_downloads(batch)
    else:
        show_empty()
