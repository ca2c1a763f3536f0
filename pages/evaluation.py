"""The evaluation of a run: measures, confusion, errors, certainty and groups."""

import streamlit as st

from agemodel.analysis.predicted_faces import Slice, in_slice
from agemodel.core.errors import AgeModelError
from ui.evaluation import evaluation_state, slice_panel
from ui.evaluation.certainty_view import show_certainty
from ui.evaluation.comparison_view import show_comparison
from ui.evaluation.confusion_view import show_confusion
from ui.evaluation.errors_view import show_errors
from ui.evaluation.evaluation_downloads import show_downloads
from ui.evaluation.extremes_view import show_extremes
from ui.evaluation.fairness_view import show_groups
from ui.evaluation.headline_view import show_headline
from ui.page_header import show_header

SHOWN = {
    evaluation_state.OVERVIEW: show_headline,
    evaluation_state.CONFUSION: show_confusion,
    evaluation_state.ERRORS: show_errors,
    evaluation_state.CERTAINTY: show_certainty,
    evaluation_state.GROUPS: show_groups,
    evaluation_state.EXTREMES: show_extremes,
}

evaluation_state.load()
try:
    run = evaluation_state.run()
    estimates = evaluation_state.estimates(run)
except AgeModelError as error:
    st.title("Evaluation", anchor=False)
    slice_panel.show_unreadable(error)
    evaluation_state.write_url()
    st.stop()
filters, exports = show_header(
    "Evaluation",
    lambda: evaluation_state.show_choice(
        "View", "view", evaluation_state.VIEWS, wrap=True, label_visibility="collapsed"
    ),
)
slice_panel.show_missing_run(run)
with filters:
    slice_panel.show_run()
    slice_panel.show_filters(estimates)
rows = in_slice(estimates, evaluation_state.slice_())
total = int(in_slice(estimates, Slice(split=evaluation_state.slice_().split)).sum())
with exports:
    show_downloads(run, estimates, rows)
slice_panel.show_line(run, int(rows.sum()), total)
view = evaluation_state.look().view
if not rows.any() and view != evaluation_state.TWO_RUNS:
    st.info("No face is left by these filters.", icon=":material/filter_alt:")
elif view == evaluation_state.TWO_RUNS:
    show_comparison(run, estimates, evaluation_state.slice_())
else:
    SHOWN[view](estimates, rows)
evaluation_state.write_url()
