"""The front page: photos in, the age and gender of every face out."""

import streamlit as st

from agemodel.core.errors import AgeModelError
from ui import served_model
from ui.estimate import session
from ui.estimate.estimate_states import (
    PROMISE,
    show_model_missing,
    show_notice,
    show_samples,
)
from ui.estimate.intake import show_intake
from ui.estimate.photo_views import show_photos
from ui.estimate.snapshot_intake import take_snapshot
from ui.touch import on_phone

LANDING_PX = 960

batch = session.batch()
take_snapshot(batch)
st.title("Estimate", anchor=False)
try:
    served_model.check_installed()
except AgeModelError as error:
    show_notice(in_short=False)
    show_model_missing(error)
    st.stop()
if batch.entries:
    # Beside the photos, however far they are scrolled; a phone has no room for that.
    with st.container() if on_phone() else st.sidebar:
        show_intake(batch)
        show_notice(in_short=True)
    show_photos(batch)
else:
    with st.container(width=LANDING_PX):
        st.markdown(f"#### {PROMISE}")
        show_intake(batch)
        show_notice(in_short=False)
        st.subheader("No photo at hand? Try one of these", anchor=False)
        show_samples()
