"""The form that starts a training: recipe, changed settings, forecast of the time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.dataset.labelled_sets import set_images
from agemodel.jobs import control
from agemodel.jobs.forecast import (
    Forecast,
    count_faces,
    duration_in_words,
    forecast,
)
from agemodel.jobs.locks import refusal
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.runs.config import CONFIGS, TrainConfig, read_config, read_purpose
from agemodel.runs.recipes import recipe_in_words
from ui.dataset_pictures import COMMANDS, pictures_dir
from ui.markdown_text import plain
from ui.page_state import show_error
from ui.training import training_state
from ui.training.live_view import WATCHED

RECIPE = training_state.widget_key("start_recipe")
NAME = training_state.widget_key("start_name")
ERROR = training_state.widget_key("start_error")
REFUSED = "This cannot be trained."
PERCENT = "percent"
SMALLEST_PX, LARGEST_PX, STEP_PX = 32, 256, 16
MAX_EPOCHS, MAX_SEED = 500, 2**31 - 1

_FIRST = (DEFAULT_MODEL, "mobile_utkface")
"""The recipes to begin with: the first whose data are here."""

_NO_DATASET = """
**There is nothing to train on: UTKFace is not imported.** It may be used for
non-commercial research only, so it is fetched separately, on the machine that runs the
app:
"""


def show_start() -> None:
    """Draw the form that starts a training; without a dataset, how to get it."""
    st.subheader("Train a network", anchor=False)
    if pictures_dir() is None:
        st.warning(_NO_DATASET, icon=":material/photo_library:")
        st.code(COMMANDS, language=None, wrap_lines=True)
        return
    _choose_recipe()
    try:
        given = read_config(st.session_state[RECIPE])
        st.caption(plain(read_purpose(st.session_state[RECIPE])))
        _ask_changes(given)
        config = _asked(given)
        # Without what does not change how many faces there are.
        counted = replace(config, epochs=1, input_px=1, learning_rate=1.0)
        faces = _count(counted, _imported(config))
    except AgeModelError as error:
        show_error(error, REFUSED)
        return
    st.caption(recipe_in_words(config, {"test": 0} | faces))
    st.markdown(forecast_in_words(forecast(config, faces)))
    _show_button()


def forecast_in_words(found: Forecast | None) -> str:
    """The forecast of a training's time in words, with what it is based on."""
    if found is None:
        return "How long it takes is not known yet: no run of this network is here."
    run = f"run `{found.run_id}`"
    if not found.same_blocks:
        run += ", in which another part of the network learned"
    if not found.same_size:
        run += ", scaled by the number of pixels"
    if not found.same_amount:
        run += ", of far more or far fewer faces"
    time = f"**{duration_in_words(found.seconds)}**"
    if found.made_here:
        return f"It takes {time}, at the pace of {run}."
    return (
        f"It would take {time} on the machine that trained {run}. Without its "
        "processors, or its GPU if it had one, it takes many times that."
    )


def _choose_recipe() -> None:
    names = sorted(path.stem for path in CONFIGS.glob("*.toml"))
    first = next((name for name in _FIRST if _has_its_data(name)), names[0])
    st.selectbox(
        "Recipe",
        names,
        names.index(first),
        key=RECIPE,
        help="A file in assets/recipes/. What can be changed here holds for this run.",
    )


def _has_its_data(name: str) -> bool:
    """Whether there is such a recipe and all its data sets are imported."""
    try:
        _imported(read_config(name))
    except AgeModelError:
        return False
    return True


def _ask_changes(given: TrainConfig) -> None:
    """Draw the inputs for the settings that can be changed, and for the run's name."""
    with st.grid(3, min_column_width=180):
        st.number_input(
            "Epochs", 1, MAX_EPOCHS, given.epochs, key=_key(given, "epochs")
        )
        st.number_input(
            "Input size, px",
            SMALLEST_PX,
            LARGEST_PX,
            given.input_px,
            STEP_PX,
            key=_key(given, "input_px"),
        )
        st.number_input(
            "Learning rate",
            0.0,
            1.0,
            given.learning_rate,
            given.learning_rate / 10,
            format="%.2e",
            key=_key(given, "learning_rate"),
        )
        st.number_input(
            "Share of the training faces, %",
            1,
            100,
            round(100 * given.share),
            key=_key(given, PERCENT),
        )
        st.number_input("Seed", 0, MAX_SEED, given.seed, key=_key(given, "seed"))
        st.text_input(
            "Name of the run",
            key=NAME,
            placeholder=f"{given.name} and the time",
            max_chars=80,
            help="Letters, digits, . _ and -",
        )


def _key(given: TrainConfig, name: str) -> str:
    """Each recipe has widgets of its own, so that they begin with its settings."""
    return training_state.widget_key(f"start_{name}_{given.name}")


def _asked(given: TrainConfig) -> TrainConfig:
    """The recipe with what was asked for.

    Raises:
        ConfigError: it does not hold together.
    """
    changes = {
        name: st.session_state.get(_key(given, name), getattr(given, name))
        for name in ("epochs", "input_px", "learning_rate", "seed")
    }
    percent = st.session_state.get(_key(given, PERCENT), 100 * given.share)
    return replace(given, share=percent / 100, **changes)


def _imported(config: TrainConfig) -> tuple[Path, ...]:
    """The folders of a recipe's data sets, which every import makes anew.

    Raises:
        DatasetError: a set is missing; which, and how to get it.
    """
    return tuple(set_images(paths.data_dir(), name) for name in config.data)


@st.cache_data(max_entries=20, show_spinner=False)
def _count(config: TrainConfig, folders: tuple[Path, ...]) -> dict[str, int]:
    return count_faces(config, paths.data_dir())


def _show_button() -> None:
    running = control.recorded_training()
    at_work = running is not None
    training_state.show_button(
        "Start training", "start", "play_arrow", _start, disabled=at_work
    )
    if running is not None:
        st.caption(refusal(running))
    elif problem := st.session_state.pop(ERROR, ""):
        show_error(problem, REFUSED)


def _start() -> None:
    """Start a training by what the widgets hold now."""
    try:
        config = _asked(read_config(st.session_state[RECIPE]))
        job = control.start_training(config, st.session_state[NAME].strip())
    except AgeModelError as error:
        st.session_state[ERROR] = str(error)
    else:
        st.session_state[WATCHED] = job.run_id
        st.session_state[NAME] = ""
