"""Who came, from recorded video: start a run, watch it, and see what was found."""

import streamlit as st

from agemodel.core.errors import AgeModelError
from ui import served_model
from ui.estimate.estimate_states import show_model_missing
from ui.footage import footage_state
from ui.footage.footage_form import show_form
from ui.footage.footage_law import show_notice
from ui.footage.footage_results import show_results
from ui.footage.footage_watch import show_watch
from ui.page_header import show_title
from ui.permission import NOT_HERE, may_change

ELSEWHERE = f"""
Footage is for whoever runs this app, on its own machine:
`python -m agemodel footage recordings/ --out results/`. {NOT_HERE}
"""

show_title("Footage")
footage_state.load()
footage_state.write_url()
if not may_change():
    show_notice()
    st.info(ELSEWHERE, icon=":material/terminal:")
    st.stop()
begin, found = st.columns([1, 2], gap="large")
with begin:
    show_notice()
    try:
        served_model.check_installed()
    except AgeModelError as error:
        show_model_missing(error)
    else:
        show_form()
with found:
    show_watch()
    show_results()
