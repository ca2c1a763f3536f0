"""Look through faces: filters with counts, charts, faces, averages, a map, issues."""

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.explorer.filters import counts, masks
from ui.dataset import dataset_state, mark_panel
from ui.dataset.ageing import show_ageing
from ui.dataset.dataset_downloads import show_downloads
from ui.dataset.filter_charts import show_charts
from ui.dataset.filter_panel import show_filters, show_left
from ui.dataset.gallery import show_faces
from ui.dataset.intro import show_intro, show_left_out, show_unreadable
from ui.dataset.issue_lists import show_issues
from ui.dataset.map_view import show_map
from ui.dataset.set_choice import show_set, show_set_choice, shown_faces
from ui.page_header import show_header

VIEWS = {
    dataset_state.CHARTS: "Charts",
    dataset_state.FACES: "Faces",
    dataset_state.AGEING: "Ageing",
    dataset_state.MAP: "Map",
    dataset_state.ISSUES: "Issues",
}

OF_ANY_SET = (dataset_state.CHARTS, dataset_state.FACES)
"""The views that a labelled set has, of whose faces nothing was computed."""

dataset_state.load()
try:
    faces = shown_faces()
except AgeModelError as error:
    st.title("Dataset", anchor=False)
    show_unreadable(error)
    show_set_choice()
    st.stop()
of_set = bool(dataset_state.look().set)
views = {key: VIEWS[key] for key in OF_ANY_SET} if of_set else VIEWS
if dataset_state.look().view not in views:
    dataset_state.change(view=dataset_state.CHARTS)
dataset_state.write_url()
found = masks(faces, dataset_state.selection())
left = found.without()
filters, exports = show_header(
    "Dataset",
    lambda: dataset_state.show_choice(
        "View", "view", views, required=False, wrap=True, label_visibility="collapsed"
    ),
)
with exports:
    show_downloads(faces, left)
if of_set:
    show_set(faces)
else:
    show_intro(faces)
    mark_panel.show_problem()
with filters:
    show_set_choice()
    counted = counts(faces, dataset_state.selection(), found)
    show_filters(counted)
    mark_panel.show_filter(counted)
show_left(int(left.sum()), len(faces))
view = dataset_state.look().view
if view in (dataset_state.CHARTS, dataset_state.MAP) and not left.any():
    st.info("No face is left by these filters.", icon=":material/filter_alt:")
if view == dataset_state.CHARTS:
    show_charts(faces, found)
elif view == dataset_state.FACES:
    show_faces(faces, left)
elif view == dataset_state.AGEING:
    show_ageing()
elif view == dataset_state.MAP:
    show_map(faces, found)
else:
    show_issues(faces)
show_left_out(faces)
