"""The learning curves of runs, their results and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.figures.layout import GREY
from agemodel.figures.training_charts import EPOCH_MEASURES, figure_curves, gap_in_words
from agemodel.runs import run_comparison
from agemodel.runs.config import setting_meanings
from agemodel.runs.run_comparison import RunHistory
from agemodel.runs.run_folder import Run
from ui.charts import show_chart
from ui.markdown_text import plain
from ui.page_state import show_folded
from ui.training import training_state
from ui.training.run_views import read_told

MAX_ROWS, MAX_TABLE_PX = 16, 420

_MEANING = "What it means"
_MARKED = f"background-color: {GREY}"
_HOW_TO_READ = (
    "Solid: validation, at the end of each epoch, on faces as they are. Dotted: train, "
    "the mean over the epoch, on varied faces and with parts of the network dropped; "
    "so train may err more than validation. The circle is the epoch whose model is "
    "kept: the best on validation, by the error of the age or, where the recipe says "
    "so, by the loss."
)
_OTHER_LOSSES = (
    "These runs do not minimise the same, so their losses cannot be compared; their "
    "errors in years and shares can."
)
_OTHER_FACES = (
    "These runs choose on other validation faces, so a small difference of their "
    "curves says little; the Evaluation page compares runs on the faces they share."
)


@st.fragment
def show_curves(runs: list[Run]) -> None:
    """Draw the curves, the results and the settings of runs."""
    training_state.write_url()
    told = read_told(runs)
    histories = {name: one.history for name, one in told.items() if len(one.history)}
    if waiting := [name for name in told if name not in histories]:
        st.info(
            "No epoch is done yet. The curves begin with the first.",
            icon=":material/hourglass_empty:",
        )
        st.text(", ".join(waiting))
    if told:
        _show_results(told)
    if histories:
        _show_curves(histories, told)
    if told:
        show_folded(
            "Settings",
            training_state.widget_key("all_settings"),
            _show_settings,
            told,
            expanded=training_state.look().settings == training_state.ALL,
        )


def _show_results(told: Mapping[str, RunHistory]) -> None:
    table = run_comparison.results_table(told)
    st.markdown("  \n".join(_in_words(row) for row in table.itertuples()))


def _in_words(row: Any) -> str:
    """How far a run of `results_table` came."""
    text = (
        f"**{plain(str(row.Index))}**: {row.network}, {row.input_px} px, "
        f"{row.epochs_done} of {row.epochs} epochs, {row.minutes:.0f} min"
    )
    if pd.isna(row.best_epoch):
        return text
    return (
        f"{text}; best epoch {row.best_epoch:.0f}, with a validation MAE of "
        f"{row.val_mae_years:.2f} years, gender right {row.val_gender_accuracy:.1%}"
    )


def _show_curves(
    histories: Mapping[str, pd.DataFrame], told: Mapping[str, RunHistory]
) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        scales = {training_state.LINEAR: "Linear", training_state.LOG: "Logarithmic"}
        training_state.show_choice("Axis", "scale", scales)
        with st.container(width=240):
            st.slider(
                "Smoothing",
                0,
                training_state.MAX_SMOOTHING,
                step=5,
                format="%d %%",
                help="Weight of the epochs before; what was measured stays, faint.",
                **training_state.control("smooth"),
            )
    st.caption(_HOW_TO_READ)
    configs = {name: one.config for name, one in told.items()}
    if not run_comparison.losses_compare(configs):
        st.caption(f":material/warning: {_OTHER_LOSSES}")
    faces = {(c.split, c.seed if c.split == "seed" else 0) for c in configs.values()}
    if len(faces) > 1:
        st.caption(f":material/warning: {_OTHER_FACES}")
    look = training_state.look()
    with st.grid(2, min_column_width=320, gap="medium"):
        for measure in EPOCH_MEASURES:
            with st.container(gap=None):
                st.markdown(f"**{measure.title}**")
                for name, history in histories.items():
                    if not (gap := gap_in_words(history, measure)):
                        continue
                    if len(histories) == 1:
                        st.caption(f"{gap}; the grey between them is the gap.")
                    else:
                        st.caption(f"{plain(name)}: {gap.lower()}")
                show_chart(
                    figure_curves(
                        histories,
                        measure,
                        smoothing=look.smooth / 100,
                        log=look.scale == training_state.LOG,
                    ),
                    training_state.widget_key(f"curve_{measure.column}"),
                    f"{measure.title}, by epoch",
                )


def _show_settings(told: Mapping[str, RunHistory]) -> None:
    table = run_comparison.settings_table(
        {name: one.config for name, one in told.items()}
    )
    several = len(told) > 1
    if several:
        differ = int(table["differs"].sum())
        words = {
            training_state.DIFFERENT: f"The {differ} that differ",
            training_state.ALL: f"All {len(table)}",
        }
        training_state.show_choice(
            "Settings listed", "settings", words, label_visibility="collapsed"
        )
        if training_state.look().settings == training_state.DIFFERENT:
            table = table[table["differs"]]
    if not len(table):
        st.caption("These runs follow the same recipe.")
        return
    shown, marks = table.drop(columns="differs").map(_written), table["differs"]
    shown[_MEANING] = pd.Series(setting_meanings())
    st.dataframe(
        shown.style.apply(
            lambda row: [_MARKED if marks[row.name] else ""] * len(row), axis=1
        ),
        column_config={
            "_index": st.column_config.TextColumn("Setting", width=150),
            _MEANING: st.column_config.TextColumn(width="large"),
        },
        height=MAX_TABLE_PX if len(shown) > MAX_ROWS else "content",
        alt="The settings of each run, those that differ first",
    )


def _written(value: Any) -> str:
    """A setting's value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
