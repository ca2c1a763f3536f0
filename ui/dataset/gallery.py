"""The filtered faces page by page, and the one that is chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.explorer.ordering import ORDERS, orders_of, page_count, page_of, row_of
from ui.dataset import dataset_state, dataset_tables
from ui.dataset.dataset_state import STATE
from ui.dataset.face_page import show_face
from ui.dataset.set_choice import shown_pictures
from ui.dataset.tiles import CAPTION_IS, show_rows, show_tiles
from ui.dataset_pictures import show_missing
from ui.page_state import MAX_NUMBER

TWENTY = 20
PAGES = "pages"
TABLE = "faces_table"

_LABEL_IS = "Under each face: the labelled age. A click on it opens the face."
_ROW_IS = "Select a row to open the face."
_COLUMNS = (
    *("file", "age", "age_years", "age_low", "age_high", "gender", "p_female"),
    *("race", "split", "date", "mark"),
)


@st.fragment
def show_faces(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Draw a page of the faces, or the one that is looked at."""
    dataset_state.write_url()
    if dataset_state.look().face:
        show_face(faces, left)
        return
    folder = shown_pictures()
    _show_controls(faces, folder is not None)
    look = dataset_state.look()
    rows = dataset_tables.ordered(faces, left, look)
    if not len(rows):
        st.info("No face is left by these filters.", icon=":material/filter_alt:")
        return
    page = faces.iloc[page_of(rows, look.page, look.size)]
    if folder is None or look.show == dataset_state.TABLE:
        st.caption(_ROW_IS)
        _show_table(page)
    else:
        missing = show_tiles(folder, page, "gallery")
        st.caption(CAPTION_IS if "age_years" in page else _LABEL_IS)
        show_missing(missing)
    _show_pages(page_count(rows, look.size))


def _show_controls(faces: pd.DataFrame, has_pictures: bool) -> None:
    orders = orders_of(faces)
    if row_of(faces, dataset_state.look().like) is None:
        orders.remove("similar")
    if dataset_state.look().sort not in orders:
        dataset_state.change(sort="name")
    with st.container(horizontal=True):
        st.selectbox(
            "Order",
            orders,
            format_func=lambda key: ORDERS[key].capitalize(),
            width=230,
            **dataset_state.control("sort"),
        )
        sizes = {size: str(size) for size in dataset_state.SIZES}
        dataset_state.show_choice("Faces a page", "size", sizes)
        if has_pictures:
            ways = {dataset_state.PICTURES: "Pictures", dataset_state.TABLE: "Table"}
            dataset_state.show_choice("Show", "show", ways)
        with st.container(
            height="stretch", width="content", vertical_alignment="bottom"
        ):
            STATE.show_button("Twenty at random", "twenty", "shuffle", _draw_twenty)
    if dataset_state.look().sort == "similar":
        _show_reference(faces)


def _draw_twenty() -> None:
    look = dataset_state.look()
    drawn = look.sort == "random" and look.size == TWENTY
    seed = look.seed % MAX_NUMBER + 1 if drawn else look.seed
    dataset_state.change(sort="random", size=TWENTY, seed=seed, page=1)


def _show_reference(faces: pd.DataFrame) -> None:
    """Say to which face the others are compared."""
    file = dataset_state.look().like
    try:
        dataset_tables.embeddings(faces)
    except AgeModelError as error:
        st.warning(f"The likeness cannot be told. {error}", icon=":material/blur_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"Most alike, to the model, to {file}", width="content")
        STATE.show_button(
            "Open that face",
            "reference",
            "account_box",
            dataset_state.open_face,
            file,
            type="tertiary",
        )


def _show_table(page: pd.DataFrame) -> None:
    columns = [name for name in _COLUMNS if name in page]
    if "mark" in page and not dataset_tables.known_marks():
        columns.remove("mark")
    alt = "The faces of this page with their labels and estimates"
    show_rows(page, columns, alt, TABLE)


def _show_pages(count: int) -> None:
    if count == 1:
        return
    if dataset_state.look().page > count:
        dataset_state.change(page=count)
    with st.container(horizontal_alignment="center"):
        st.pagination(
            count,
            default=dataset_state.look().page,
            max_visible_pages=5,
            key=_pages_key(),
            on_change=_turn,
        )


def _pages_key() -> str:
    """The key of the pages; a new one where the page was changed by something else.

    Unlike other widgets, this one complains when its state is set (Streamlit 1.67).
    """
    page = dataset_state.look().page
    if st.session_state.get(dataset_state.round_key(PAGES), page) != page:
        dataset_state.renew(PAGES)
    return dataset_state.round_key(PAGES)


def _turn() -> None:
    dataset_state.change(page=st.session_state[dataset_state.round_key(PAGES)])
