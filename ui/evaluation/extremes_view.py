"""The view of the extreme errors, and of twenty faces at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.analysis.extremes import KINDS, TWENTY, any_twenty, twenty_in_words
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_faces

ANY = "twenty"
FIRST_SEED = 1
MOST = 96
"""Most faces of an order that can be looked at."""


def show_extremes(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Draw the faces of the slice that are chosen by their errors, or by chance."""
    names = {key: kind.name for key, kind in KINDS.items()}
    names[ANY] = f"{TWENTY} by chance"
    chosen = evaluation_state.choose(
        "Faces", "extreme", names, label_visibility="collapsed"
    )
    if chosen == ANY:
        _show_twenty(estimates, rows)
        return
    kind = KINDS[chosen]
    order = kind.order(estimates, rows)
    st.markdown(kind.words(estimates, rows, order))
    st.caption(kind.meaning)
    show_faces(estimates, order[:MOST], kind.name, chosen)


def seed_of(text: str) -> int:
    """The seed that a URL asks for; the first one of what is no number."""
    return int(text) if text.isdecimal() and len(text) < 7 else FIRST_SEED


def _show_twenty(estimates: pd.DataFrame, rows: np.ndarray) -> None:
    seed = seed_of(evaluation_state.option("seed", str(FIRST_SEED)))
    twenty = any_twenty(estimates, rows, seed)
    st.markdown(twenty_in_words(estimates, twenty))
    draw, following = evaluation_state.set_option, str(seed + 1)
    evaluation_state.show_button(
        "Another twenty", "another", "shuffle", draw, "seed", following
    )
    show_faces(estimates, twenty, f"Drawn by chance (seed {seed})", ANY)
