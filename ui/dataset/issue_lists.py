"""The view of what may be wrong with the data, and its effect on the test error."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.core.labels import SPLIT_WORDS
from agemodel.core.words import counted
from agemodel.dataset.index import read_rejects
from agemodel.explorer import issues
from agemodel.explorer.filters import mask
from agemodel.explorer.flags import FLAGS, OUTCOMES
from agemodel.explorer.issues import Effect, Issue
from ui.dataset import dataset_state, dataset_tables, mark_panel
from ui.dataset.dataset_state import STATE

_EFFECT = (
    "**{n:,} of the {total:,} test faces** are also in train, as the same picture or "
    "nearly so. On them the mean absolute error is {removed:.2f} years; on test it is "
    "**{before:.2f}** years with them and **{after:.2f}** without."
)
_PICKED = (
    "Without the {n:,} test faces whose age label is doubtful, the error on test would "
    "be {after:.2f} instead of {before:.2f} years. That is no finding: they were "
    "picked by their error, so taking them out lowers it, whatever their labels are."
)


def show_issues(faces: pd.DataFrame) -> None:
    """Draw the kinds of issues among all faces, gravest first."""
    found = [issue for issue in issues.find_issues(faces) if issue.faces]
    if not found:
        st.info(
            "Nothing can be told yet: the faces are neither described nor estimated.",
            icon=":material/rule:",
        )
    else:
        st.markdown("**What may be wrong**")
        st.caption("Counted over all faces, whatever is filtered.")
        _show_effects(faces)
    with st.grid(3, min_column_width=270):
        for issue in found:
            with st.container(border=True, height="stretch"):
                _show_issue(faces, issue)
    mark_panel.show_marks(faces)
    _show_rejects()


def effect_text(template: str, effect: Effect) -> str:
    """The effect of taking faces out of test, in words."""
    return template.format(
        n=effect.removed,
        total=effect.n,
        before=effect.mae_with,
        after=effect.mae_without,
        removed=effect.mae_removed,
    )


def _show_effects(faces: pd.DataFrame) -> None:
    if "abs_error" not in faces or "crossing" not in faces:
        return
    crossing = issues.removal_effect(faces, faces["crossing"].to_numpy())
    picked = issues.removal_effect(faces, faces["mislabelled"].to_numpy())
    with st.container(border=True):
        if crossing.removed:
            st.markdown(effect_text(_EFFECT, crossing))
            st.caption(_crossings_text(issues.count_crossings(faces)))
        if picked.removed:
            st.caption(effect_text(_PICKED, picked))


def _crossings_text(crossings: pd.DataFrame) -> str:
    pairs = [
        f"{groups:,} between {SPLIT_WORDS[first]} and {SPLIT_WORDS[second]}"
        for first, second, groups in zip(
            crossings["first"], crossings["second"], crossings["groups"], strict=True
        )
    ]
    return f"Groups of duplicates that cross the splits: {', '.join(pairs)}."


def _show_issue(faces: pd.DataFrame, issue: Issue) -> None:
    words = FLAGS.get(issue.kind) or OUTCOMES[issue.kind]
    groups = f" in {counted(issue.groups, 'group')}" if issue.groups else ""
    st.markdown(f"**{words.capitalize()}**")
    st.markdown(f"{counted(issue.faces, 'face')}{groups}")
    st.caption(issue.meaning)
    parts = (
        f"{SPLIT_WORDS.get(split, split)} {n:,}" for split, n in issue.by_split.items()
    )
    st.caption(" · ".join(parts))
    with st.container(horizontal=True):
        key = f"issue_{issue.kind}"
        STATE.show_button("Look at them", key, "grid_view", _look_at, issue)
        STATE.show_button(
            "One by one", f"{key}_each", "account_box", _look_at_first, faces, issue
        )


def _look_at(issue: Issue) -> None:
    dataset_state.select(issue.selection, view=dataset_state.FACES, sort=issue.sort)


def _look_at_first(faces: pd.DataFrame, issue: Issue) -> None:
    """Open the first face of an issue; next leads to the issue's others."""
    _look_at(issue)
    rows = dataset_tables.ordered(
        faces, mask(faces, issue.selection), dataset_state.look()
    )
    dataset_state.open_face(faces["file"].iloc[rows[0]])


def _show_rejects() -> None:
    """The files that the import refused, where one was done."""
    try:
        rejects = read_rejects(paths.data_dir())
    except AgeModelError:
        return
    st.markdown(f"**{counted(len(rejects), 'file')} refused by the import**")
    if len(rejects):
        st.dataframe(
            rejects,
            hide_index=True,
            column_config={"file": "File", "reason": "Reason"},
            alt="The files that were refused, with the reasons",
        )
