"""The next steps of a run: go on, evaluate, export, use in the app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError, RunError
from agemodel.jobs import control
from agemodel.jobs.best import has_model, is_evaluated, is_trained
from agemodel.models import app_model
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.model_folder import read_cards
from agemodel.runs.checkpoints import BEST
from agemodel.runs.run_folder import Run
from ui.page_state import show_error, stamp
from ui.training import training_state
from ui.training.training_state import STATE


def show_next_steps(run: Run) -> None:
    """Say how far an idle run is, and offer what can be done next."""
    st.markdown(how_far(run))
    files = stamp(run.folder / BEST, run.folder / "metrics.json")
    evaluated = _is_evaluated(run.folder, files)
    if evaluated:
        _show_test(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not is_trained(run):
            _button(
                "Go on training",
                "resume",
                "play_arrow",
                lambda: control.resume_training(run),
            )
        if has_model(run) and not evaluated:
            _button(
                "Evaluate",
                "evaluate",
                "analytics",
                lambda: control.start_evaluation(run),
            )
        if evaluated:
            _show_export(run)
    _show_models(run)


def how_far(run: Run) -> str:
    """A run's epochs and its best one, in a sentence or two."""
    try:
        status = run.read_json("status.json")
        done, epochs = int(status["epochs_done"]), int(status["epochs"])
        best = f"{float(status['best_val_age_mae_years']):.2f} years"
        epoch = int(status["best_epoch"])
    except (RunError, KeyError, TypeError, ValueError):
        return "No epoch is done yet."
    text = (
        f"{done} of {epochs} epochs are done. The least validation MAE is **{best}**, "
        f"after epoch {epoch}."
    )
    return text if is_trained(run) else f"{text} That model is kept."


@st.cache_data(max_entries=20, show_spinner=False)
def _is_evaluated(folder: Path, of: tuple[int, ...]) -> bool:
    return is_evaluated(Run(folder))


def _button(label: str, name: str, icon: str, action: Callable[[], Any]) -> None:
    STATE.show_button(label, name, icon, STATE.attempt, action)


def _show_test(run: Run) -> None:
    try:
        test = run.read_json("metrics.json")["splits"].get("test")
        if test is None:
            st.markdown("It is evaluated, without a face of test: on validation alone.")
            return
        low, high = test["mae_years_95"]
        st.markdown(
            f"On the {test['n']:,} faces of test: MAE **{test['mae_years']:.2f}** "
            f"years (95 % interval {low:.2f} to {high:.2f}), gender right "
            f"**{test['gender_accuracy']:.1%}**. The Evaluation page tells more."
        )
    except (RunError, KeyError, TypeError, ValueError):
        st.caption("It is evaluated; its figures for test cannot be read.")


def _show_export(run: Run) -> None:
    key = training_state.widget_key(f"export_name_{run.id}")
    st.text_input(
        "Export as the model",
        run.id,
        key=key,
        max_chars=80,
        width=220,
        help="Letters, digits, . _ and -",
    )
    _button(
        "Export",
        "export",
        "deployed_code",
        lambda: control.start_export(run, str(st.session_state[key]).strip()),
    )


def _show_models(run: Run) -> None:
    """The models that were exported of the run, and which the app uses."""
    try:
        used = app_model.read_name()
    except AgeModelError as error:
        show_error(error)
        used = ""
    try:
        cards = read_cards()
    except AgeModelError as error:
        show_error(error)
        return
    names = [name for name, card in cards.items() if card.run == run.id]
    for name in names:
        if name != used:
            _use_button(f"Use the model {name} in the app", name)
    if used in names:
        st.markdown(f":material/check: The app uses the model `{used}`.")
    if used != DEFAULT_MODEL:
        _use_button(f"Back to the model that ships, {DEFAULT_MODEL}", DEFAULT_MODEL)


def _use_button(label: str, name: str) -> None:
    _button(label, f"use_{name}", "swap_horiz", lambda: app_model.choose(name))
