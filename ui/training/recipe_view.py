"""The recipe of a run, in words and in five steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.models.model_folder import read_cards
from agemodel.runs.architecture import FILE as NETWORK
from agemodel.runs.architecture import read_network
from agemodel.runs.recipe_steps import five_steps
from agemodel.runs.run_folder import Run
from agemodel.runs.run_splits import FILE as SPLIT
from agemodel.runs.run_splits import count_parts, read_split
from ui.markdown_text import plain
from ui.training import training_state
from ui.training.run_views import show_error

_ICONS = ("database", "account_tree", "construction", "model_training", "face")

T = TypeVar("T")


@st.fragment
def show_recipe(run: Run) -> None:
    """Draw the recipe of a run, from its own files."""
    training_state.write_url()
    try:
        told = training_state.told(run)
    except AgeModelError as error:
        show_error(error)
        return
    split = _if_there(run, SPLIT, lambda: read_split(run))
    steps = five_steps(
        run.id,
        told.config,
        faces=None if split is None else count_parts(split),
        network=_if_there(run, NETWORK, lambda: read_network(run)),
        history=told.history,
        environment=_if_there(
            run, "environment.json", lambda: run.read_json("environment.json")
        ),
        metrics=_if_there(run, "metrics.json", lambda: run.read_json("metrics.json")),
        exports=_exports(run),
    )
    with st.container(width=760):
        for number, (icon, (step, text)) in enumerate(
            zip(_ICONS, steps.items(), strict=True), start=1
        ):
            with st.container(border=True):
                st.markdown(f"**:material/{icon}: {number}. {step}**")
                st.markdown(plain(text))
        st.caption("Written from the run's own files; config.json holds the recipe:")
        with st.expander("config.json", icon=":material/settings:"):
            st.json(told.config.as_dict())


def _if_there(run: Run, name: str, read: Callable[[], T]) -> T | None:
    """Read a file of the run; None before it is made. Damage is shown."""
    if not run.expects(name):
        return None
    try:
        return read()
    except AgeModelError as error:
        show_error(error)
        return None


def _exports(run: Run) -> list[str]:
    try:
        return [name for name, card in read_cards().items() if card.run == run.id]
    except AgeModelError as error:
        show_error(error)
        return []
