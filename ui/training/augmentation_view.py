"""The augmentation preview: one face as a network saw it while it was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.faces import CropSquare
from agemodel.images import read_image
from agemodel.learning import augmentation_preview
from agemodel.runs.config import TrainConfig
from agemodel.runs.recipes import variations
from agemodel.runs.run_folder import Run
from agemodel.runs.run_splits import FILE, read_split
from agemodel.serving import read_sample, read_samples
from ui.dataset_pictures import pictures_dir
from ui.page_state import MAX_NUMBER, stamp
from ui.training import training_state
from ui.training.run_views import show_error

SHOWN_PX = 132

_FRAMES = {
    "detector": "cut out by the face detector, as the app does it",
    "chip": "taken as its file shows it",
}
_SAMPLE_AS_CHIP = (
    "This run took each picture of the dataset whole. A photo is no such picture, so "
    "its face is cut out by the face detector first."
)
_NO_PICTURES = (
    "A bundled photo, because the dataset is not imported: "
    "`python -m agemodel data import ARCHIVE`, or `python -m agemodel data download`."
)


@st.fragment
def show_preview(run: Run) -> None:
    """Draw one face as it is and as it was varied while the run trained."""
    training_state.write_url()
    try:
        config = training_state.told(run).config
        folder = pictures_dir()
        if folder is None:
            rgb, square, name = _sample_face()
        else:
            rgb, square, name = _training_face(run, config, folder)
    except AgeModelError as error:
        show_error(error)
        return
    _show_words(config, is_sample=folder is None)
    with st.container(horizontal=True):
        show = training_state.show_button
        show("Draw again", "preview_draw", "casino", _next, "draw")
        if folder is not None:
            show("Another face", "preview_face", "face", _next, "face")
    preview = augmentation_preview.preview_of(
        rgb, square, config, training_state.look().draw
    )
    pictures = [preview.plain, *preview.varied]
    st.image(
        pictures,
        caption=["as it is", *(f"draw {n}" for n in range(1, len(pictures)))],
        width=SHOWN_PX,
        output_format="PNG",
        alt=["The face as it is estimated"]
        + ["The face as it may be trained on"] * len(preview.varied),
    )
    st.text(name)


def _next(name: str) -> None:
    training_state.change(
        **{name: getattr(training_state.look(), name) % MAX_NUMBER + 1}
    )


def _show_words(config: TrainConfig, *, is_sample: bool) -> None:
    varied = variations(config)
    text = (
        f"The first is the face as it is estimated: {_FRAMES[config.framing]}, at "
        f"{config.input_px} px."
    )
    if varied:
        text += f" The others are draws of what training varies: {', '.join(varied)}."
    else:
        text += " This recipe varies nothing: all draws are alike."
    st.markdown(text)
    if is_sample:
        st.caption(_NO_PICTURES)
        if config.framing == "chip":
            st.caption(_SAMPLE_AS_CHIP)


def _training_face(
    run: Run, config: TrainConfig, folder: Path
) -> tuple[np.ndarray, CropSquare, str]:
    """A training face of the run, by the number that the visitor is at.

    Raises:
        RunError: the run does not say what it was trained on.
        ImageError: the picture cannot be read.
        ModelError: the face detector is missing or damaged.
    """
    files = _training_files(run.folder, stamp(run.folder / FILE))
    place = np.random.default_rng(training_state.look().face).integers(len(files))
    file = files[place]
    rgb = read_image(folder / file).rgb
    return rgb, augmentation_preview.square_in_chip(rgb, config.framing), file


@st.cache_data(max_entries=20, show_spinner=False)
def _training_files(folder: Path, of: tuple[int, ...]) -> list[str]:
    split = read_split(Run(folder))
    return split.loc[split["part"] == "train", "file"].tolist()


@st.cache_resource(max_entries=1, show_spinner="Finding the face")
def _sample_face() -> tuple[np.ndarray, CropSquare, str]:
    """The face of the first bundled photo, which may be varied freely.

    Raises:
        ImageError: no face is found in it.
        ModelError: the photo or the face detector is missing or damaged.
    """
    sample = read_samples()[0]
    rgb = read_image(read_sample(sample), name=sample.file).rgb
    return (
        rgb,
        augmentation_preview.square_in_photo(rgb),
        f"{sample.title}. {sample.source}",
    )
