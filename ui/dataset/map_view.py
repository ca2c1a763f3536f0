"""The map of the faces: similar embeddings lie close together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer.filters import Masks
from agemodel.explorer.queries import Region, region_of
from agemodel.figures.dataset_charts import figure_map
from ui.charts import Points, show_answering_chart
from ui.dataset import dataset_state
from ui.touch import answers, on_phone

WINDOW_PX, PHONE_PX = 540, 480
"""Heights of the map; the larger fills a window of 900 px below the header."""

DRAW = dataset_state.widget_key("map_draw")
COLOURS = {
    "age": "age",
    "gender": "gender",
    "error": "abs_error",
    "split": "split",
}
"""The column behind each way to colour the map."""

_WHAT_IT_IS = (
    "Each point is a face; those that the model finds alike lie close together. How "
    "far apart two groups lie says nothing (t-SNE)."
)
_DRAW = " Draw around points to keep only them."


def show_map(faces: pd.DataFrame, found: Masks) -> None:
    """Draw the faces that are left on the map, a lasso filters."""
    if "map_x" not in faces:
        st.info(
            "The map is not here yet. With the images imported: "
            "`python -m agemodel data describe`",
            icon=":material/map:",
        )
        return
    colours = [key for key, column in COLOURS.items() if column in faces]
    if dataset_state.look().colour not in colours:
        dataset_state.change(colour="age")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = {key: key.capitalize() for key in colours}
        dataset_state.show_choice("Coloured by", "colour", words)
        draws = answers("Draw with a finger", DRAW)
    st.caption(_WHAT_IT_IS + _DRAW * draws)
    placed = ~np.isnan(faces["map_x"].to_numpy())
    rows = found.without("map") & placed
    colour = dataset_state.look().colour
    figure = figure_map(
        faces["map_x"].to_numpy()[rows],
        faces["map_y"].to_numpy()[rows],
        faces[COLOURS[colour]][rows],
        dataset_state.selection().region,
        drag=draws,
        height=PHONE_PX if on_phone() else WINDOW_PX,
    )
    show_answering_chart(
        dataset_state.STATE,
        "map",
        figure,
        f"The map of the faces, coloured by {colour}",
        _take if draws else None,
        ("lasso",),
    )


def region_drawn(lassos: Points) -> Region:
    """The region of the last lasso."""
    return region_of(lassos[-1]["x"], lassos[-1]["y"])


def _take(lassos: Points) -> None:
    if region := region_drawn(lassos):
        dataset_state.select(replace(dataset_state.selection(), region=region))
