"""One face: its picture, its labels, its estimate, and faces like it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.core.labels import SPLIT_WORDS
from agemodel.explorer.flags import FLAGS, OUTCOMES
from agemodel.explorer.ordering import beside, duplicates_of, place_of, row_of, similar
from agemodel.figures.estimate_charts import figure_age_distribution
from ui import dataset_pictures
from ui.charts import show_chart
from ui.dataset import dataset_state, dataset_tables, mark_panel
from ui.dataset.dataset_state import STATE
from ui.dataset.portrait import show_heatmap, show_portrait
from ui.dataset.tiles import labelled, show_tiles
from ui.estimate.face_cards import interval_text, likelier, percent

ALIKE = 8

_KNOWN_FROM_TRAINING = (
    "The model was trained on this face and its label, so its error says little."
)
_NOT_OF_SET = "the run of the app's model does not know this data set."
_ALIKE_IS = (
    "Alike in what the network reads age and gender from; not the same person or a "
    "relative. Under each its split, and the cosine of the two embeddings."
)


def show_face(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Draw the chosen face, and the buttons that lead to others."""
    if mark_panel.were_changed():
        st.rerun()  # what is filtered and counted by marks stands outside this part
    row = row_of(faces, dataset_state.look().face)
    if row is None:
        _show_unknown()
        return
    _show_way(faces, left, row)
    st.space("small")  # for the button that shows a picture full screen
    face: Any = next(faces.iloc[[row]].itertuples())
    of_set = bool(dataset_state.look().set)
    picture, facts = st.columns([2, 3], gap="large")
    with picture:
        show_portrait(face)
        if not of_set:
            mark_panel.show_marking(face.file)
    with facts:
        _show_facts(faces, row, face)
        if not of_set:
            show_heatmap(face)
    if of_set:  # which of its faces are alike was not computed
        return
    others = duplicates_of(faces, row)
    _show_duplicates(faces, row, others)
    _show_alike(faces, row, others)


# ------------------------------------------------------------------------- the words


def label_text(face: Any) -> str:
    """What the dataset says of a face, in words."""
    years = labelled(face)
    words = f"{years} {'year' if years == '1' else 'years'}"
    gender = getattr(face, "gender", None)
    return f"{words}, {gender}" if isinstance(gender, str) else words


def estimate_text(face: Any) -> str:
    """What the model estimated, its interval and its error, in words."""
    error = face.error_years
    apart = f"{abs(error):.1f} years too {'old' if error > 0 else 'young'}"
    if abs(error) < 0.05:
        apart = "as labelled"
    return f"Estimated **{face.age_years:.0f} years**, {apart}; {interval_text(face)}."


def gender_text(face: Any) -> str:
    """The gender label that the model finds likelier, in words."""
    label, probability = likelier(face.p_female)
    if not face.decided:
        said = f"{label} {percent(probability)}"
        return f"Gender label left open: {said}, below the threshold."
    return f"Gender label estimated as **{label}**, {percent(probability)} likely."


def split_text(face: Any) -> str:
    """In which splits a face is, in words."""
    named = isinstance(face.split, str)
    words = f"In {SPLIT_WORDS[face.split]}" if named else "In no split"
    coral = getattr(face, "coral", None)
    return f"{words} (CORAL split: {coral})." if isinstance(coral, str) else f"{words}."


def _known_text(face: Any) -> str:
    """What else is known of a face, in words."""
    words = [split_text(face)]
    if hasattr(face, "race"):
        race = face.race if isinstance(face.race, str) else "none"
        words.insert(0, f"Race label {race}.")
    if not pd.isna(getattr(face, "date", None)):
        words.append(f"Collected {face.date:%Y-%m-%d}.")
    return " ".join(words)


def _split_word(split: Any) -> str:
    return SPLIT_WORDS.get(split, str(split))


def quality_text(face: Any) -> str:
    """The measures of a face's picture, in words; empty where it is not described."""
    if not hasattr(face, "sharpness") or np.isnan(face.sharpness):
        return ""
    return (
        f"Sharpness {face.sharpness:.3f} · brightness {face.brightness:.0f} of 255 · "
        f"face {face.face_px:.0f} px wide · turned by {abs(face.yaw_deg):.0f}°"
    )


def flags_of(face: Any) -> list[str]:
    """What is remarkable about a face, in words."""
    words = FLAGS | OUTCOMES
    return [words[name] for name in words if getattr(face, name, False)]


def duplicates_text(faces: pd.DataFrame, row: int, others: np.ndarray) -> str:
    """How a face's duplicates are spread over the splits, in words."""
    splits = set(faces["split"].iloc[[row, *others]].dropna())
    if {"train", "test"} <= splits:
        return (
            "They cross train and test: the model has seen a picture of the test part "
            "while it was trained."
        )
    if len(splits) > 1:
        words = " and ".join(map(_split_word, sorted(splits)))
        return f"They cross the splits {words}."
    return "All are in the same split."


# ------------------------------------------------------------------------- the parts


def _show_unknown() -> None:
    st.info("No face has the name that the address asks for:", icon=":material/search:")
    st.text(dataset_state.look().face)
    back = partial(dataset_state.change, face="")
    STATE.show_button("To the faces", "back", "grid_view", back)


def _show_way(faces: pd.DataFrame, left: np.ndarray, row: int) -> None:
    """Draw the buttons back, previous and next, within the filters and the order."""
    reached = left.copy()
    reached[row] = True  # so that there is a next one from outside the filters, too
    rows = dataset_tables.ordered(faces, reached, dataset_state.look())
    place = place_of(rows, row) or 0
    before, after = beside(rows, row)
    with st.container(horizontal=True, vertical_alignment="center"):
        page = place // dataset_state.look().size + 1
        back = partial(dataset_state.change, face="", page=page)
        STATE.show_button("Back", "back", "grid_view", back)
        _show_step(faces, before, "Previous", "arrow_back", "P")
        _show_step(faces, after, "Next", "arrow_forward", "N")
        where = f"{place + 1:,} of {len(rows):,}"
        if not left[row]:
            where = "Outside the filters that are set."
        st.caption(where, width="content")


def _show_step(
    faces: pd.DataFrame, row: int | None, title: str, icon: str, shortcut: str
) -> None:
    STATE.show_button(
        title,
        title.lower(),
        icon,
        dataset_state.open_face,
        "" if row is None else faces["file"].iloc[row],
        shortcut=shortcut,
        disabled=row is None,
    )


def _show_facts(faces: pd.DataFrame, row: int, face: Any) -> None:
    st.subheader(f"Labelled {label_text(face)}", anchor=False)
    st.markdown(_known_text(face))
    st.code(face.file, language=None, wrap_lines=True)
    _show_estimate(faces, row, face)
    if flags := flags_of(face):
        st.markdown(" ".join(f":orange-badge[{words}]" for words in flags))
    if quality := quality_text(face):
        st.caption(quality)


def _show_estimate(faces: pd.DataFrame, row: int, face: Any) -> None:
    if "age_years" not in faces:
        why = _NOT_OF_SET if dataset_state.look().set else "see below."
        st.info(f"There is no estimate: {why}", icon=":material/unknown_document:")
        return
    if np.isnan(face.age_years):
        st.info("The model's run did not estimate this face.", icon=":material/help:")
        return
    st.markdown(f"{estimate_text(face)} {gender_text(face)}")
    if face.split == "train":
        st.caption(_KNOWN_FROM_TRAINING)
    if dataset_state.look().set:
        return  # the run keeps no distributions of its faces
    try:
        chances = dataset_tables.distributions(faces)[row]
    except AgeModelError as error:
        st.text(str(error))
        return
    figure = figure_age_distribution(
        chances, face.age_years, face.age_low, face.age_high, [face.age], "label"
    )
    show_chart(
        figure,
        dataset_state.widget_key("distribution"),
        f"How probable the model finds each age; labelled {label_text(face)}",
    )


def _show_duplicates(faces: pd.DataFrame, row: int, others: np.ndarray) -> None:
    if not len(others):
        return
    st.markdown("**The same picture, or nearly so**")
    st.caption(duplicates_text(faces, row, others))
    exact = faces["exact_group"].to_numpy()
    same = [exact[row] >= 0 and exact[other] == exact[row] for other in others]
    notes = [
        f"{_split_word(split)} · {'every pixel' if is_same else 'nearly'}"
        for split, is_same in zip(faces["split"].iloc[others], same, strict=True)
    ]
    show_tiles(dataset_pictures.pictures_dir(), faces.iloc[others], "duplicates", notes)


def _show_alike(faces: pd.DataFrame, row: int, others: np.ndarray) -> None:
    """The nearest faces by embedding; not `others`, the duplicates shown above."""
    st.markdown("**Most alike to the model**")
    try:
        placed = dataset_tables.embeddings(faces)
        rows, cosines = similar(placed, row, ALIKE + len(others))
    except AgeModelError as error:
        st.text(f"Likeness cannot be told. {error}")
        return
    new = ~np.isin(rows, others)
    rows, cosines = rows[new][:ALIKE], cosines[new][:ALIKE]
    if not len(rows):
        st.caption("The model has not placed this face among the others.")
        return
    st.caption(_ALIKE_IS)
    notes = [
        f"{_split_word(split)} · {cosine:.2f}"
        for split, cosine in zip(faces["split"].iloc[rows], cosines, strict=True)
    ]
    show_tiles(dataset_pictures.pictures_dir(), faces.iloc[rows], "alike", notes)
    file = faces["file"].iloc[row]
    order = partial(dataset_state.change, face="", sort="similar", like=file, page=1)
    STATE.show_button(
        "Order all faces by likeness to this one", "order_alike", "sort", order
    )
