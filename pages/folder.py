"""Very many photos in a folder of this machine: start, watch, and see what came."""

import streamlit as st

from agemodel.core.errors import AgeModelError
from ui import served_model
from ui.estimate.estimate_states import show_model_missing
from ui.folder import folder_state
from ui.folder.folder_form import show_form, show_watch
from ui.folder.folder_results import show_results
from ui.page_header import show_title
from ui.permission import NOT_HERE, may_change

ELSEWHERE = f"""
A folder of the machine that runs this app is for whoever runs it:
`python -m agemodel bulk photos/ results/`. {NOT_HERE}
"""

show_title("A folder of photos")
folder_state.load()
folder_state.write_url()
if not may_change():
    st.info(ELSEWHERE, icon=":material/terminal:")
    st.stop()
begin, found = st.columns([1, 2], gap="large")
with begin:
    st.caption(
        "For thousands of photos that lie on this machine. Processes of their own "
        "estimate the faces; ages are written to files, pictures are not."
    )
    try:
        served_model.check_installed()
    except AgeModelError as error:
        show_model_missing(error)
    else:
        show_form()
with found:
    show_watch()
    show_results()
