"""Why an age: the heatmap of the face, and the training faces most alike.

Nothing here is computed before the visitor opens the part.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.models.neighbours import Neighbour
from agemodel.serving import Estimate, annotation
from ui import served_model
from ui.dataset_pictures import needed_pictures
from ui.page_state import show_folded

TITLE = "Why this age?"
NEIGHBOURS = 6

_MAP_IS = (
    "The map shows which of the {rows} by {columns} places of the network's last "
    "feature map moved the expected age, to a first approximation. The places are "
    "coarse, and each has seen more of the picture than it covers. It tells about this "
    "model, not about how people age."
)
_ALIKE_IS = (
    "Ages and gender labels are the dataset's. Alike means alike in what the network "
    "reads age and gender from, not the same person or a relative."
)


@st.fragment
def show_why(number: int, estimate: Estimate, key: str) -> None:
    """Draw the expander, closed; nothing where the model explains nothing.

    Args:
        number: the face's number on the photo.
        estimate: what was estimated.
        key: unique on the page.
    """
    if estimate.heatmap is None and estimate.embedding is None:
        return
    show_folded(TITLE, f"{key}_why", _show, number, estimate, type="compact")


def _show(number: int, estimate: Estimate) -> None:
    if estimate.heatmap is not None:
        _show_map(number, estimate.crop_rgb, estimate.heatmap)
    if estimate.embedding is not None:
        _show_alike(estimate.embedding, estimate.age_years)


def _show_map(number: int, crop_rgb: np.ndarray, heatmap: np.ndarray) -> None:
    st.markdown("**What moved the age**")
    with st.grid(2, min_column_width=100):
        st.image(crop_rgb, width="stretch", alt=f"Face {number} as the model saw it")
        st.image(
            annotation.heatmap_overlay(crop_rgb, heatmap),
            width="stretch",
            alt=f"Face {number}, orange where it looks older, blue where younger",
        )
    st.markdown(map_text(annotation.heatmap_range_years(heatmap)))
    st.caption(_MAP_IS.format(rows=heatmap.shape[0], columns=heatmap.shape[1]))


def _show_alike(embedding: np.ndarray, age_years: float) -> None:
    st.markdown("**Training faces the model finds most alike**")
    try:
        alike = served_model.neighbours().nearest(embedding, NEIGHBOURS)
    except AgeModelError as error:
        st.text(str(error))
        return
    try:
        _show_pictures(alike, needed_pictures([face.file for face in alike]))
    except AgeModelError as error:
        st.markdown(" ".join(f":gray-badge[{caption(face)}]" for face in alike))
        st.text(f"Their pictures cannot be shown. {error}")
    median = statistics.median(face.age for face in alike)
    st.markdown(
        f":small[The median of their ages is **{median:g}**; the estimate is "
        f"**{age_years:.0f}**.]"
    )
    st.caption(_ALIKE_IS)


def _show_pictures(alike: Sequence[Neighbour], pictures: Sequence[bytes]) -> None:
    with st.grid(3, min_column_width=60):
        for face, picture in zip(alike, pictures, strict=True):
            st.image(
                picture,
                caption=caption(face),
                width="stretch",
                alt=f"A training face, {face.age} years, label {face.gender}",
            )


def map_text(range_years: float) -> str:
    """What the colours of the map mean, with a patch of each."""
    older, younger = (
        f':color[■]{{foreground="rgb{colour}"}}'
        for colour in (annotation.OLDER_RGB, annotation.YOUNGER_RGB)
    )
    return (
        f":small[{older} Orange makes it look older, {younger} blue younger; where the "
        f"colour is deepest, by {range_years:.1f} years.]"
    )


def caption(face: Neighbour) -> str:
    """Labelled age and gender in short: `30 F`."""
    return f"{face.age} {face.gender[0].upper()}"
