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
from ui.estimate.intake import show_intake, take_snapshot
from ui.estimate.photo_views import show_photos
from ui.page_header import show_title
from ui.presentation import without_sidebar

LANDING_PX = 960
MORE = "More photos"

batch = session.batch()
take_snapshot(batch)
show_title("Estimate")
try:
    served_model.check_installed()
except AgeModelError as error:
    show_notice(in_short=False)
    show_model_missing(error)
    st.stop()
if batch.entries:
    # Beside the photos, however far they are scrolled, where there is a sidebar; else
    # out of their way.
    with st.expander(MORE) if without_sidebar() else st.sidebar:
        show_intake(batch)
        show_notice(in_short=True)
    show_photos(batch)
else:
    with st.container(width=LANDING_PX):
        st.markdown(f"#### {PROMISE}")
        show_intake(batch)
        show_notice(in_short=False)
        st.subheader("No photo at hand? Try one of these", anchor=False)
        show_samples(pictures=True)
