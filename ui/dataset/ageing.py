"""The average face of each age group."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES
from agemodel.explorer.averages import ALL, MIN_FACES, read_averages
from ui.dataset import dataset_state

LARGE_PX = 256
SMALL_PX = 96

_WHAT_IT_IS = (
    "Each picture is the mean of all faces of an age group, whatever is filtered: it "
    "shows no person, and nobody looks like it. Averages are smoother than faces, and "
    f"none is of fewer than {MIN_FACES} people."
)


@st.fragment
def show_ageing() -> None:
    """Draw the average face of an age group, and those of all groups beside it."""
    dataset_state.write_url()
    try:
        averages = _averages()
    except AgeModelError as error:
        st.info(str(error), icon=":material/hide_image:")
        return
    st.caption(_WHAT_IT_IS)
    with st.container(horizontal=True):
        for title, name, values in (
            ("Gender label", "mean_gender", GENDERS),
            ("Race label", "mean_race", RACES),
        ):
            words = {ALL: "All"} | {value: value.capitalize() for value in values}
            dataset_state.show_choice(title, name, words, wrap=True)
    look = dataset_state.look()
    chosen = (averages["gender"] == look.mean_gender) & (
        averages["race"] == look.mean_race
    )
    pictures = averages[chosen].set_index("age_group")
    st.select_slider("Age group in years", AGE_GROUPS, **dataset_state.control("mean"))
    with st.container(horizontal=True, gap="large"):
        with st.container(width=LARGE_PX):
            _show_large(pictures, dataset_state.look().mean)
        with st.container(width="stretch"):
            _show_all(pictures)


@st.cache_resource(show_spinner=False)
def _averages() -> pd.DataFrame:
    return read_averages()


def _show_large(pictures: pd.DataFrame, group: str) -> None:
    if group not in pictures.index:
        st.info(
            f"Too few faces of {group} years for an average.",
            icon=":material/hide_image:",
        )
        return
    average: Any = pictures.loc[group]
    st.image(
        average["jpeg"],
        width=LARGE_PX,
        caption=f"{group} years, the mean of {average['n']:,} faces",
        alt=f"The average face of {group} years",
    )


def _show_all(pictures: pd.DataFrame) -> None:
    groups = [group for group in AGE_GROUPS if group in pictures.index]
    shown = pictures.loc[groups]
    st.image(
        shown["jpeg"].tolist(),
        width=SMALL_PX,
        caption=[
            f"{group} · {n:,}" for group, n in zip(groups, shown["n"], strict=True)
        ],
        alt=[f"The average face of {group} years" for group in groups],
    )
    missing = [group for group in AGE_GROUPS if group not in groups]
    st.caption(
        "Under each: its years and how many faces it is the mean of."
        + (f" Too few faces for an average: {', '.join(missing)}." if missing else "")
    )
