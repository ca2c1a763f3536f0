"""The photos of a batch with their faces, drawn as they are estimated."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from agemodel.core.errors import AgeModelError
from agemodel.core.words import counted
from agemodel.images import encode_jpeg, encode_png
from agemodel.serving import (
    Batch,
    Entry,
    PhotoResult,
    annotate,
    annotated_name,
    estimate_turned_photo,
    estimate_whole_photo,
)
from agemodel.serving.known_ages import KnownAge
from agemodel.serving.result_tables import score_in_words
from ui import served_model
from ui.downloads import show_download
from ui.estimate import estimate_states, session
from ui.estimate.estimate_downloads import show_exports, show_table
from ui.estimate.face_cards import BY_GROUP, BY_YEAR, RANGE_IS, show_face

PHOTOS_A_PAGE = 4
FACES_A_PAGE = 6
STATUS_HEIGHT_PX = 58
WAITING_HEIGHT_PX = 420
PHOTO_HEIGHT_PX, ONE_OF_MANY_PX = 620, 400
TABLE = "Table of all faces"
_KNOWN = "estimate_known"

_TURNS = (
    ("Turn left", ":material/rotate_left:", 1),
    ("Turn right", ":material/rotate_right:", 3),
    ("Upside down", ":material/rotate_auto:", 2),
)


def show_photos(batch: Batch) -> None:
    """Draw the photos of this page of the batch, and estimate all that wait.

    Every photo has its place from the start, so nothing moves while results arrive.
    """
    status, exports = _show_header()
    _show_status(status, batch)
    line = st.empty()
    _show_line(line, batch)
    table = st.empty()
    table.expander(TABLE)  # its place, so that nothing moves when it is filled
    trouble = st.container()
    entries = _entries_of_page(batch)
    for entry in batch.entries:
        if entry not in entries:
            entry.drawn = None  # only what is shown keeps its drawing, for the memory
    places = {}
    for entry in entries:
        places[entry.number] = st.empty()
        _show_entry(places[entry.number], batch, entry)
    if batch.waiting_count:
        try:
            _estimate_waiting(batch, places, status)
        except AgeModelError as error:
            status.markdown(f"**{counted(batch.waiting_count, 'photo')} waiting**")
            with trouble:
                estimate_states.show_model_error(error)
    _show_line(line, batch)
    with exports:
        show_exports(batch)
    with table.expander(TABLE):
        show_table(batch)


def _show_header() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Draw the line above the photos; return the places of progress and exports."""
    with st.container(horizontal=True, vertical_alignment="center"):
        status = st.container(
            height=STATUS_HEIGHT_PX, border=False, vertical_alignment="center"
        ).empty()
        exports = st.container(width="content")
        st.segmented_control(
            "Charts show",
            [BY_YEAR, BY_GROUP],
            default=BY_YEAR,
            required=True,
            key=session.CHART,
            label_visibility="collapsed",
            persist_state="session",
        )
    return status, exports


def _estimate_waiting(
    batch: Batch, places: dict[int, DeltaGenerator], status: DeltaGenerator
) -> None:
    estimator = served_model.estimator()
    while (entry := batch.step(estimator)) is not None:
        _show_status(status, batch)
        if entry.number in places:
            _show_entry(places[entry.number], batch, entry)


def _show_status(status: DeltaGenerator, batch: Batch) -> None:
    done, total = len(batch.results), len(batch.entries)
    if batch.waiting_count:
        text = f"Looking at photo {min(done + 1, total)} of {total}"
        status.progress(done / total, text)
    else:
        status.markdown(summary(batch.results))


def _show_line(line: DeltaGenerator, batch: Batch) -> None:
    """Say what the range is and, where ages are known, how the estimates did."""
    score = score_in_words(batch.results)
    line.caption(f"**{score}.** {RANGE_IS}" if score else RANGE_IS)


def summary(results: list[PhotoResult]) -> str:
    """The results of all photos, in a line."""
    failed = sum(result.error is not None for result in results)
    faces = sum(len(result.estimates) for result in results)
    text = f"**{counted(len(results) - failed, 'photo')}, {counted(faces, 'face')}**"
    if failed:
        text += f"; {counted(failed, 'file')} could not be read"
    return text


def _entries_of_page(batch: Batch) -> list[Entry]:
    """The entries to draw, those that came last first."""
    entries = batch.newest_first
    pages = math.ceil(len(entries) / PHOTOS_A_PAGE)
    if pages <= 1:
        return entries
    page = st.pagination(pages, key=session.widget_key("page"), persist_state="session")
    return entries[(page - 1) * PHOTOS_A_PAGE : page * PHOTOS_A_PAGE]


def _show_entry(place: DeltaGenerator, batch: Batch, entry: Entry) -> None:
    result = entry.result
    if result is None:
        place.skeleton(WAITING_HEIGHT_PX)
        return
    with place.container():
        if result.error is None:
            _show_result(batch, entry)
            return
        with st.container(border=True, gap="xsmall"):
            st.markdown(":red[:material/broken_image:] **Could not be read**")
            st.text(result.error)


@st.fragment
def _show_result(batch: Batch, entry: Entry) -> None:
    """Draw a photo and its faces; a fragment, redrawn alone by its own buttons."""
    if st.session_state.pop(_KNOWN, False):
        st.rerun()  # the score stands outside this part
    result = entry.result
    if result is None:
        return
    if not result.estimates:
        _show_no_face(batch, entry, result)
    elif _fits_beside(result):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _show_picture(batch, entry, result)
        with right:
            _show_faces(batch, entry, result)
    else:
        _show_picture(batch, entry, result)
        _show_faces(batch, entry, result)
    st.space("medium")


def _fits_beside(result: PhotoResult) -> bool:
    """Whether the cards fit beside the photo; else they go below it."""
    width, height = result.working_size or (1, 1)
    return len(result.estimates) == 1 or (len(result.estimates) == 2 and height > width)


def _show_picture(batch: Batch, entry: Entry, result: PhotoResult) -> None:
    width, height = result.working_size or (1, 1)
    most = PHOTO_HEIGHT_PX if len(batch.entries) == 1 else ONE_OF_MANY_PX
    scale = min(result.preview_scale, most / height)
    st.image(
        _annotated_jpeg(entry, result),
        width=max(1, round(width * scale)),
        alt=f"The photo, with {counted(len(result.estimates), 'face')} marked",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"{result.name} ({result.width} by {result.height} px)")
        show_download(
            "PNG with boxes",
            annotated_name(result.name, ".png"),
            lambda: encode_png(annotate(result)),
            f"estimate_png_{entry.number}",
            type="tertiary",
        )
    for note in result.notes:
        st.caption(note)


def _show_faces(batch: Batch, entry: Entry, result: PhotoResult) -> None:
    estimates = result.estimates
    pages = math.ceil(len(estimates) / FACES_A_PAGE)
    page = 1
    if pages > 1:
        st.caption(
            f"{len(estimates)} faces, row by row, {FACES_A_PAGE} at a time. All are in "
            "the table above."
        )
        page = st.pagination(pages, key=f"estimate_faces_{entry.number}")
    first = (page - 1) * FACES_A_PAGE
    with st.grid(3, min_column_width=280):
        for number in range(first, min(first + FACES_A_PAGE, len(estimates))):
            key = f"estimate_face_{entry.number}_{entry.version}_{number}"
            show_face(
                number + 1,
                estimates[number],
                key,
                result.known_ages.get(number),
                partial(_set_known, batch, entry, number),
            )


def _set_known(batch: Batch, entry: Entry, face: int, known: KnownAge | None) -> None:
    batch.set_known_age(entry, face, known)
    st.session_state[_KNOWN] = True


def _show_no_face(batch: Batch, entry: Entry, result: PhotoResult) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _show_picture(batch, entry, result)
    with right:
        st.info(
            "**No face was found**, also not with the photo turned. Faces that are "
            "very small, hidden or seen from the side are hard to find.",
            icon=":material/face_retouching_off:",
        )
        st.markdown("If the photo stands wrong, turn it and look again:")
        with st.container(horizontal=True):
            for label, icon, turns in _TURNS:
                _redo_button(batch, entry, label, icon, turns)
        st.markdown("If the face fills the picture, estimate it as it is:")
        label = "Take the whole picture as a face"
        _redo_button(batch, entry, label, ":material/crop_free:", None)


def _redo_button(
    batch: Batch, entry: Entry, label: str, icon: str, turns: int | None
) -> None:
    """Draw a button that estimates a photo anew: turned, or as a face if not."""

    def again(result: PhotoResult) -> PhotoResult:
        estimator = served_model.estimator()
        if turns is None:
            return estimate_whole_photo(estimator, result)
        return estimate_turned_photo(estimator, result, turns)

    key = f"estimate_redo_{entry.number}_{label}"
    if st.button(label, key=key, icon=icon):
        try:
            batch.redo(entry, again)
        except AgeModelError as error:
            st.error("No new estimate of the photo could be made.")
            st.text(str(error))
            return
        st.rerun()


def _annotated_jpeg(entry: Entry, result: PhotoResult) -> bytes:
    """The photo with boxes as JPEG, drawn once a result and kept with it."""
    if entry.drawn is None or entry.drawn[0] != entry.version:
        entry.drawn = (entry.version, encode_jpeg(annotate(result), 88))
    return entry.drawn[1]
