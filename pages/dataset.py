"""Look through UTKFace: filters with counts, charts, faces, averages, a map, issues."""

import streamlit as st

from agemodel.dataset.filters import counts, masks
from agemodel.errors import AgeModelError
from ui.dataset import marks, state, tables
from ui.dataset.ageing import show_ageing
from ui.dataset.charts import show_charts
from ui.dataset.faces import show_faces
from ui.dataset.filters import show_filters, show_left
from ui.dataset.intro import show_intro, show_left_out, show_unreadable
from ui.dataset.issues import show_issues
from ui.dataset.map import show_map
from ui.dataset.takeaway import show_takeaway

VIEWS = {
    state.CHARTS: "Charts",
    state.FACES: "Faces",
    state.AGEING: "Ageing",
    state.MAP: "Map",
    state.ISSUES: "Issues",
}

st.title("Dataset", anchor=False)
try:
    faces = tables.marked(state.faces())
except AgeModelError as error:
    show_unreadable(error)
    st.stop()
state.load()
state.write_url()
found = masks(faces, state.selection())
left = found.without()
show_intro(faces)
marks.show_problem()
with st.sidebar:
    counted = counts(faces, state.selection(), found)
    show_filters(counted)
    marks.show_filter(counted)
with st.container(
    horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
):
    st.segmented_control(
        "View",
        list(VIEWS),
        format_func=VIEWS.get,
        label_visibility="collapsed",
        **state.control("view"),
    )
    show_takeaway(faces, left)
view = state.look().view
if view == state.CHARTS:
    show_charts(faces, found)
elif view == state.FACES:
    show_faces(faces, left)
elif view == state.AGEING:
    show_ageing()
elif view == state.MAP:
    show_map(faces, found)
else:
    show_issues(faces)
show_left_out(faces)
with st.bottom:
    show_left(int(left.sum()), len(faces))
