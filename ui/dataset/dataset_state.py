"""The state of the Dataset page: which faces one visitor looks at, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pandas as pd
import streamlit as st

from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES
from agemodel.explorer.averages import ALL
from agemodel.explorer.face_table import faces_files, read_faces
from agemodel.explorer.ordering import ORDERS
from agemodel.explorer.queries import MAX_AMONG, face_key
from agemodel.explorer.selection import FACETS, Selection
from ui.page_state import BaseLook, PageState, Query, choice, line, number

CHARTS, FACES, AGEING, MAP, ISSUES = "charts", "faces", "ageing", "map", "issues"
COUNTS, SHARES = "counts", "shares"
PICTURES, TABLE = "pictures", "table"
SIZES = (20, 60, 100)
MAX_FILE, MAX_SET = 100, 40
"""Characters of a file's and of a set's name that are taken from a URL."""


@dataclass(frozen=True)
class Look(BaseLook):
    """How the faces are looked at.

    Attributes:
        view: which of the views.
        measure: what the charts draw.
        sort: of `ordering.ORDERS`.
        seed: of the order at random.
        page: of the faces, from 1.
        size: faces a page.
        show: faces as pictures or as a table.
        mean: the age group whose average face is shown large.
        mean_gender: the gender of the average faces, or `averages.ALL`.
        mean_race: the race label of the average faces, or `averages.ALL`.
        colour: what colours the map.
        face: the file of the one face that is looked at; empty for all of them.
        heatmap: whether that face is shown with what moved its age.
        like: the file of the face whose likeness sorts, where `sort` is similar.
        set: the labelled set that is looked at; empty for UTKFace.
    """

    view: str = choice(CHARTS, (CHARTS, FACES, AGEING, MAP, ISSUES))
    measure: str = choice(COUNTS, (COUNTS, SHARES))
    sort: str = choice("random", tuple(ORDERS))
    seed: int = number()
    page: int = number()
    size: int = choice(60, SIZES)
    show: str = choice(PICTURES, (PICTURES, TABLE))
    mean: str = choice("20-29", AGE_GROUPS)
    mean_gender: str = choice(ALL, (ALL, *GENDERS))
    mean_race: str = choice(ALL, (ALL, *RACES))
    colour: str = choice("age", ("age", "gender", "error", "split"))
    face: str = line(MAX_FILE)
    heatmap: bool = choice(False, (False, True))
    like: str = line(MAX_FILE)
    set: str = line(MAX_SET)

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Read it from the query of a URL; one face is in the view of the faces."""
        look = super().from_query(query)
        return replace(look, view=FACES) if look.face else look

    def having(self, **changes: Any) -> Self:
        """The look after some changes; another view or set leaves the one face."""
        left = {"face": ""} if {"view", "set"} & set(changes) else {}
        return super().having(**left | changes)

    def taking(self, name: str, value: Any) -> Self:
        """The look after a widget was used, from the first page on."""
        if value is not None:
            return self.having(**{"page": 1, name: value})
        # The view that is shown was clicked: back to all its faces.
        return self.having(face="") if name == "view" else self


STATE: PageState[Look] = PageState("dataset", {"selection": Selection, "look": Look})
load, write_url = STATE.load, STATE.write_url
look, change = STATE.look, STATE.change
control, bind, show_choice = STATE.control, STATE.bind, STATE.show_choice
widget_key, round_key, renew = STATE.widget_key, STATE.round_key, STATE.renew


def faces() -> pd.DataFrame:
    """The table of all faces, never to be changed; read anew when its files change.

    Raises:
        DatasetError: the splits, which ship with the project, are missing or damaged.
    """
    return _faces(*(_changed(path) for path in faces_files()))


@st.cache_resource(show_spinner=False, max_entries=1)
def _faces(*_changed: int) -> pd.DataFrame:
    return read_faces()


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def selection() -> Selection:
    """Which faces are wanted."""
    return STATE.part("selection")


def select(wanted: Selection, **changes: Any) -> None:
    """Change the selection, show its first page; `changes` are those of the look."""
    STATE.put("selection", wanted)
    change(**{"page": 1} | changes)


def with_filter(wanted: Selection, key: str, value: Any) -> Selection:
    """A selection with another value of the filter of this key in `FACETS`."""
    field: dict[str, Any] = {FACETS[key].field: value}
    return replace(wanted, **field)


def open_face(file: str) -> None:
    """Show one face."""
    change(view=FACES, face=file)


def query_of_face(file: str) -> dict[str, str]:
    """The query of the page's address that shows one face."""
    return Look(view=FACES, face=file).to_query()


def query_of_faces(files: Sequence[str]) -> dict[str, str]:
    """The query of the page's address that shows some faces and no others."""
    wanted = Selection(among=tuple(face_key(file) for file in files[:MAX_AMONG]))
    return wanted.to_query() | Look(view=FACES).to_query()


def open_row(table: str, files: tuple[str, ...]) -> None:
    """Open the face of the row that was selected in a table of these files."""
    rows = st.session_state[round_key(table)]["selection"]["rows"]
    renew(table)  # who comes back finds no row selected
    if rows:
        open_face(files[rows[0]])
