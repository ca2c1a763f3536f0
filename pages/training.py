"""How the networks were trained: curves, networks, augmentation and new trainings."""

import streamlit as st

from ui.page_header import show_title
from ui.permission import NOT_HERE, may_change
from ui.training import training_state
from ui.training.augmentation_view import show_preview
from ui.training.curves_view import show_curves
from ui.training.live_view import show_watch
from ui.training.network_view import show_network
from ui.training.recipe_view import show_recipe
from ui.training.run_views import show_choice, show_no_runs, show_one
from ui.training.start_form import show_start


def show_runs(view: str) -> None:
    """Draw one of the views of existing runs."""
    known = training_state.runs()
    if not known:
        show_no_runs()
        return
    if view == training_state.CURVES:
        show_curves(show_choice(known))
        return
    run = show_one(known)
    if view == training_state.NETWORK:
        show_network(run)
    elif view == training_state.SAW:
        show_preview(run)
    else:
        show_recipe(run)


TRAIN_ELSEWHERE = f"""
Training is for whoever runs this app, on its own machine:
`python -m agemodel train mobile_utkface`. {NOT_HERE}
"""


def show_train() -> None:
    """Draw the form that starts a training, and the progress of one."""
    if not may_change():
        st.info(TRAIN_ELSEWHERE, icon=":material/terminal:")
        return
    begin, watch = st.columns([2, 3], gap="large")
    with begin:
        show_start()
    with watch:
        show_watch()


training_state.load()
training_state.write_url()
show_title(
    "Training",
    lambda: training_state.show_choice(
        "View", "view", training_state.VIEWS, wrap=True, label_visibility="collapsed"
    ),
)
if training_state.look().view == training_state.TRAIN:
    show_train()
else:
    show_runs(training_state.look().view)
