"""A face's picture, large, and on demand the heatmap of its estimated age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.index import image_path
from agemodel.dataset.labelled_faces import plain_crop
from agemodel.serving.annotation import heatmap_overlay, heatmap_range_years
from ui import served_model
from ui.dataset import dataset_state
from ui.dataset.set_choice import shown_pictures
from ui.dataset.tiles import alt_text
from ui.dataset_pictures import read_pictures
from ui.estimate.why import map_text

PICTURE_PX = 280
CACHED_MAPS = 60

_NOT_IMPORTED = (
    "No picture: UTKFace's pictures are not imported. Above is how to get them."
)
_MISSING = (
    "No picture: this file is missing. Import the archive again: "
    "`python -m agemodel data import ARCHIVE`"
)
_HEATMAP_IS = (
    "To a first approximation and coarsely; it tells about this model, not about how "
    "people age."
)


def show_portrait(face: Any) -> None:
    """Draw a face's picture, or say why there is none."""
    folder = shown_pictures()
    (picture,) = read_pictures(folder, (face.file,))
    if not picture:
        with st.container(border=True, width=PICTURE_PX):
            st.caption(f":material/hide_image: {_MISSING if folder else _NOT_IMPORTED}")
        return
    st.image(picture, width=PICTURE_PX, alt=alt_text(face))


def show_heatmap(face: Any) -> None:
    """Draw a face's heatmap if it is switched on; nothing without a picture."""
    (picture,) = read_pictures(shown_pictures(), (face.file,))
    if not picture:
        return
    st.toggle("What moved the age", **dataset_state.control("heatmap"))
    if not dataset_state.look().heatmap:
        return
    try:
        overlay, range_years = _heatmap(
            face.file, paths.data_dir(), *served_model.version()
        )
    except AgeModelError as error:
        st.text(f"It cannot be told. {error}")
        return
    if overlay is None:
        st.caption("The app's model has no map of what moved an age.")
        return
    with st.container(horizontal=True, gap="medium"):
        st.image(
            overlay,
            width=PICTURE_PX,
            alt="The face, orange where it looks older, blue where younger",
        )
        with st.container(width=PICTURE_PX):
            st.markdown(map_text(range_years))
            st.caption(_HEATMAP_IS)


@st.cache_data(max_entries=CACHED_MAPS, show_spinner=False)
def _heatmap(
    file: str, data_dir: Path, folder: Path, exported: int
) -> tuple[np.ndarray | None, float]:
    """The coloured crop, shape (s, s, 3), uint8, and the years of its deepest colour.

    Raises:
        ModelError: the model cannot be loaded.
        DatasetError: nothing is imported.
        ImageError: the picture is damaged.
    """
    estimator = served_model.estimator()
    square = square_of_row(read_crops(data_dir, [file]).iloc[0])
    crop = plain_crop(image_path(data_dir, file), square, estimator.card.input_px)
    estimate = estimator.estimate_aligned(crop)
    if estimate.heatmap is None:
        return None, 0.0
    overlay = heatmap_overlay(estimate.crop_rgb, estimate.heatmap)
    return overlay, heatmap_range_years(estimate.heatmap)
