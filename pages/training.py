"""How the networks were trained: curves, the network, what it saw, and training."""

import streamlit as st

from ui.permission import NOT_HERE, may_change
from ui.training import state
from ui.training.curves import show_curves
from ui.training.network import show_network
from ui.training.recipe import show_recipe
from ui.training.runs import show_choice, show_no_runs, show_one
from ui.training.strip import show_strip


def show_runs(view: str) -> None:
    """Draw one of the views on runs that are there."""
    known = state.runs()
    if not known:
        show_no_runs()
        return
    runs = show_choice(known)
    if view == state.CURVES:
        show_curves(runs)
        return
    run = show_one(runs)
    if view == state.NETWORK:
        show_network(run)
    elif view == state.SAW:
        show_strip(run)
    else:
        show_recipe(run)


TRAIN_ELSEWHERE = f"""
Training is for whoever runs this app, on its own machine:
`python -m agemodel train mobile`. {NOT_HERE}
"""


def show_train() -> None:
    """Draw what starts a training, and what one is doing."""
    from ui.training.start import show_start
    from ui.training.watch import show_watch

    if not may_change():
        st.info(TRAIN_ELSEWHERE, icon=":material/terminal:")
        return
    begin, watch = st.columns([2, 3], gap="large")
    with begin:
        show_start()
    with watch:
        show_watch()


st.title("Training", anchor=False)
state.load()
state.write_url()
st.segmented_control(
    "View",
    list(state.VIEWS),
    format_func=state.VIEWS.get,
    required=True,
    label_visibility="collapsed",
    **state.control("view"),
)
if state.look().view == state.TRAIN:
    show_train()
else:
    show_runs(state.look().view)
