"""Where a run errs: its measures, confusions, errors, certainty and groups."""

import streamlit as st

from agemodel.analysis.faces import Slice, in_slice
from agemodel.errors import AgeModelError
from ui.evaluation import state
from ui.evaluation.certainty import show_certainty
from ui.evaluation.comparison import show_comparison
from ui.evaluation.confusion import show_confusion
from ui.evaluation.errors import show_errors
from ui.evaluation.extremes import show_extremes
from ui.evaluation.fairness import show_groups
from ui.evaluation.filters import show_filters, show_line, show_run, show_unreadable
from ui.evaluation.headline import show_headline
from ui.evaluation.takeaway import show_takeaway

SHOWN = {
    state.OVERVIEW: show_headline,
    state.CONFUSION: show_confusion,
    state.ERRORS: show_errors,
    state.CERTAINTY: show_certainty,
    state.GROUPS: show_groups,
    state.EXTREMES: show_extremes,
}

st.title("Evaluation", anchor=False)
state.load()
try:
    run = state.run()
    judged = state.judged(run)
except AgeModelError as error:
    show_unreadable(error)
    state.write_url()
    st.stop()
with st.sidebar:
    show_run()
    show_filters(judged)
rows = in_slice(judged, state.slice_())
total = int(in_slice(judged, Slice(split=state.slice_().split)).sum())
with st.container(
    horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
):
    st.segmented_control(
        "View",
        list(state.VIEWS),
        format_func=state.VIEWS.get,
        required=True,
        label_visibility="collapsed",
        **state.control("view"),
    )
    show_takeaway(run, judged, rows)
view = state.look().view
if not rows.any() and view != state.TWO_RUNS:
    st.info("No face is left by these filters.", icon=":material/filter_alt:")
elif view == state.TWO_RUNS:
    show_comparison(run, judged, state.slice_())
else:
    SHOWN[view](judged, rows)
with st.bottom:
    show_line(run, int(rows.sum()), total)
state.write_url()
