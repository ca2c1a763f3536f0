"""The faces that are left, page by page: as pictures where they are imported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.dataset.ordering import ORDERS, order, orders_of, page_count, page_of
from ui.dataset import state

THUMBNAIL_PX = 104
CACHED_PAGES = 40
TWENTY = 20
PAGES = "pages"

_CAPTION_IS = (
    "Under each face: the estimated age, in brackets the labelled one, and the gender "
    "label (F or M); a gender label that the model judges otherwise has an exclamation "
    "mark."
)
_LABEL_IS = "Under each face: the labelled age and the gender label (F or M)."
_COLUMNS = (
    *("file", "age", "age_years", "age_low", "age_high", "gender", "p_female"),
    *("race", "split", "date"),
)


@st.fragment
def show_faces(faces: pd.DataFrame, left: np.ndarray) -> None:
    """Draw a page of the faces.

    Args:
        faces: as of `explorer.read_faces`.
        left: the faces that the filters leave, a mask of shape (n,).
    """
    state.write_url()
    folder = state.pictures_dir()
    _show_controls(faces, folder is not None)
    look = state.look()
    rows = order(faces, left, look.sort, look.seed)
    if not len(rows):
        st.info("No face is left by these filters.", icon=":material/filter_alt:")
        return
    page = page_of(rows, look.page, look.size)
    if folder is None or look.show == state.TABLE:
        _show_table(faces.iloc[page])
    else:
        _show_pictures(folder, faces.iloc[page])
    _show_pages(page_count(rows, look.size))


def caption(face: Any) -> str:
    """What stands under a face, as `30 (26) F`.

    Args:
        face: a row of the table, by attributes.
    """
    letter = str(face.gender)[:1].upper()
    years = getattr(face, "age_years", math.nan)
    if math.isnan(years):
        return f"{face.age} {letter}"
    mark = "!" if getattr(face, "gender_wrong", False) else ""
    return f"{years:.0f} ({face.age}) {letter}{mark}"


def _show_controls(faces: pd.DataFrame, has_pictures: bool) -> None:
    orders = [key for key in orders_of(faces) if key != "similar"]
    if state.look().sort not in orders:
        state.change_look(sort="name")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Order",
            orders,
            format_func=lambda key: ORDERS[key].capitalize(),
            width=230,
            **state.control("sort"),
        )
        st.segmented_control(
            "Faces a page", state.SIZES, required=True, **state.control("size")
        )
        if has_pictures:
            st.segmented_control(
                "Show",
                [state.PICTURES, state.TABLE],
                format_func=str.capitalize,
                required=True,
                **state.control("show"),
            )
        st.button(
            "Twenty at random",
            key=state.widget_key("twenty"),
            icon=":material/shuffle:",
            on_click=_draw_twenty,
        )


def _draw_twenty() -> None:
    look = state.look()
    drawn = look.sort == "random" and look.size == TWENTY
    seed = look.seed % state.MAX_NUMBER + 1 if drawn else look.seed
    state.change_look(sort="random", size=TWENTY, seed=seed, page=1)


def _show_pictures(folder: Path, page: pd.DataFrame) -> None:
    pictures = _pictures(folder, tuple(page["file"]))
    faces = list(page.itertuples())
    shown = [(face, one) for face, one in zip(faces, pictures, strict=True) if one]
    st.caption(_CAPTION_IS if "age_years" in page else _LABEL_IS)
    if shown:
        st.image(
            [picture for _, picture in shown],
            caption=[caption(face) for face, _ in shown],
            width=THUMBNAIL_PX,
            alt=[
                f"A face, labelled {face.age} years, {face.gender}" for face, _ in shown
            ],
        )
    if missing := len(faces) - len(shown):
        st.warning(
            f"Pictures of {missing} of these faces are missing. Import the archive "
            "again: `python -m agemodel data import ARCHIVE`",
            icon=":material/broken_image:",
        )


@st.cache_data(max_entries=CACHED_PAGES, show_spinner=False)
def _pictures(folder: Path, files: Sequence[str]) -> list[bytes]:
    """The pictures of a page as they lie on the disk; empty where one is missing."""
    return [_content(folder / file) for file in files]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _show_table(page: pd.DataFrame) -> None:
    config = st.column_config
    years: dict[str, Any] = {"format": "%.1f", "width": "small"}
    st.dataframe(
        page,
        hide_index=True,
        column_order=[name for name in _COLUMNS if name in page],
        column_config={
            "file": config.TextColumn("File", width="medium"),
            "age": config.NumberColumn("Age label", width="small"),
            "age_years": config.NumberColumn("Estimate", **years),
            "age_low": config.NumberColumn("From", **years),
            "age_high": config.NumberColumn("To", **years),
            "gender": config.TextColumn("Gender label", width="small"),
            "p_female": config.NumberColumn("p(female)", format="%.2f", width="small"),
            "race": config.TextColumn("Race label", width="small"),
            "split": config.TextColumn("Split", width="small"),
            "date": config.DatetimeColumn("Collected", format="YYYY-MM-DD"),
        },
        alt="The faces of this page with their labels and estimates",
    )


def _show_pages(count: int) -> None:
    if count == 1:
        return
    if state.look().page > count:
        state.change_look(page=count)
    with st.container(horizontal_alignment="center"):
        st.pagination(
            count,
            default=state.look().page,
            max_visible_pages=5,
            key=_pages_key(),
            on_change=_turn,
        )


def _pages_key() -> str:
    """The key of the pages; a new one where the page was changed by something else.

    Unlike other widgets, this one complains when its state is set (Streamlit 1.67).
    """
    page = state.look().page
    if st.session_state.get(state.round_key(PAGES), page) != page:
        state.renew(PAGES)
    return state.round_key(PAGES)


def _turn() -> None:
    state.change_look(page=st.session_state[state.round_key(PAGES)])
