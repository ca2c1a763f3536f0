"""What one visitor looks at on the Dataset page: which faces, and how.

Both are kept here and written into the URL. The widgets only show them: each is set
anew before it is drawn, and a change of it is taken over at once. So a chart, a button
and a link can set the same filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES
from agemodel.dataset.index import images_dir
from agemodel.explorer.averages import ALL
from agemodel.explorer.face_table import faces_files, read_faces
from agemodel.explorer.ordering import ORDERS
from agemodel.explorer.selection import FACETS, Selection
from ui.keys import Keys

CHARTS, FACES, AGEING, MAP, ISSUES = "charts", "faces", "ageing", "map", "issues"
COUNTS, SHARES = "counts", "shares"
PICTURES, TABLE = "pictures", "table"
SIZES = (20, 60, 100)
MAX_NUMBER = 1_000_000
MAX_FILE = 100
"""Characters of a file name that are taken from a URL."""

_CHOICES: dict[str, Sequence[Any]] = {
    "view": (CHARTS, FACES, AGEING, MAP, ISSUES),
    "measure": (COUNTS, SHARES),
    "sort": tuple(ORDERS),
    "size": SIZES,
    "show": (PICTURES, TABLE),
    "heatmap": (False, True),
    "mean": AGE_GROUPS,
    "mean_gender": (ALL, *GENDERS),
    "mean_race": (ALL, *RACES),
    "colour": ("age", "gender", "error", "split"),
}
_FILES = ("face", "like")

_SELECTION = "dataset_selection"
_LOOK = "dataset_look"
_WRITTEN = "dataset_written"

_KEYS = Keys("dataset")
widget_key = _KEYS.widget_key
round_key = _KEYS.round_key
renew = _KEYS.renew


@dataclass(frozen=True)
class Look:
    """How the faces are looked at; the names are those in the URL.

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
    """

    view: str = CHARTS
    measure: str = COUNTS
    sort: str = "name"
    seed: int = 1
    page: int = 1
    size: int = 60
    show: str = PICTURES
    mean: str = "20-29"
    mean_gender: str = ALL
    mean_race: str = ALL
    colour: str = "age"
    face: str = ""
    heatmap: bool = False
    like: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Look:
        """Read it from a URL's query, by the names; what cannot be read is ignored."""
        found = {}
        for field in fields(cls):
            value = _read(field.name, (query.get(field.name) or [""])[-1])
            if value is not None:
                found[field.name] = value
        if found.get("face"):
            found["view"] = FACES
        return cls(**found)

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""
        return {
            field.name: _written(field.name, getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }


def _read(name: str, text: str) -> Any:
    if name in _CHOICES:
        # The + of '70+' is a space in a URL.
        known = {str(value).lower().rstrip("+"): value for value in _CHOICES[name]}
        return known.get(text.strip().lower().rstrip("+"))
    if name in _FILES:
        return text if text.isprintable() and len(text) <= MAX_FILE else None
    if text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= MAX_NUMBER:
        return int(text[:8])
    return None


def _written(name: str, value: Any) -> str:
    return value if name in _FILES else str(value).lower()


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


def pictures_dir() -> Path | None:
    """Where the imported pictures lie, if they are there."""
    try:
        folder = images_dir(paths.data_dir())
    except DatasetError:
        return None
    return folder if folder.is_dir() else None


def load() -> None:
    """Take over what the URL asks for; called once at the start of the page.

    Who comes back from another page finds what was left, unless the URL says more.
    A URL that is not the one written last was typed, shared or gone back to.
    """
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    arrives = widget_key("view") not in st.session_state
    first = _SELECTION not in st.session_state
    other = st.query_params.to_dict() != st.session_state.get(_WRITTEN)
    if first or (bool(query) if arrives else other):
        st.session_state[_SELECTION] = Selection.from_query(query)
        st.session_state[_LOOK] = Look.from_query(query)


def write_url() -> None:
    """Bring the URL up to what is looked at."""
    query = selection().to_query() | look().to_query()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


def selection() -> Selection:
    """Which faces are wanted."""
    return st.session_state[_SELECTION]


def look() -> Look:
    """How they are looked at."""
    return st.session_state[_LOOK]


def select(wanted: Selection, **changes: Any) -> None:
    """Want other faces, seen from their first page; `changes` are those of the look."""
    st.session_state[_SELECTION] = wanted
    change_look(**{"page": 1} | changes)


def with_filter(wanted: Selection, key: str, value: Any) -> Selection:
    """A selection with another value of the filter of this key in `FACETS`."""
    field: dict[str, Any] = {FACETS[key].field: value}
    return replace(wanted, **field)


def change_look(**changes: Any) -> None:
    """Look otherwise at the same faces; another view lets go of the one face."""
    if "view" in changes:
        changes = {"face": ""} | changes
    st.session_state[_LOOK] = replace(look(), **changes)


def open_face(file: str) -> None:
    """Look at one face."""
    change_look(view=FACES, face=file)


def control(name: str) -> dict[str, Any]:
    """What makes a widget show an attribute of the look, and change it."""
    st.session_state[widget_key(name)] = getattr(look(), name)
    return {"key": widget_key(name), "on_change": _take, "args": (name,)}


def _take(name: str) -> None:
    value = st.session_state[widget_key(name)]
    if value is not None:
        change_look(**{"page": 1, name: value})
    elif name == "view":  # the view that is shown was clicked: back to all its faces
        change_look(face="")


def open_row(table: str, files: tuple[str, ...]) -> None:
    """Open the face of the row that was selected in a table of these files."""
    rows = st.session_state[round_key(table)]["selection"]["rows"]
    renew(table)  # who comes back finds no row selected
    if rows:
        open_face(files[rows[0]])
