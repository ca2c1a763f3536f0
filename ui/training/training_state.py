"""What one visitor looks at on the Training page: which runs, and how.

As on the Dataset page it is kept here and written into the URL; the widgets only show
it, and a change of one is taken over at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import streamlit as st

from agemodel.analysis.baselines import network_of
from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.explorer.model_estimates import run_of
from agemodel.figures.training_charts import RUN_COLOURS
from agemodel.runs.run_comparison import Told
from agemodel.runs.run_folder import Run, list_runs
from ui.keys import Keys

CURVES, NETWORK, SAW = "curves", "network", "saw"
RECIPE, TRAIN = "recipe", "train"
VIEWS = {
    CURVES: "Curves",
    NETWORK: "Network",
    SAW: "What it saw",
    RECIPE: "Recipe",
    TRAIN: "Train",
}
LINEAR, LOG = "linear", "log"
DIFFERENT, ALL = "different", "all"
FOLDED, SINGLE = "blocks", "layers"
MAX_RUNS = len(RUN_COLOURS)
MAX_SMOOTHING = 95
MAX_NUMBER = 1_000_000

_CHOICES: dict[str, Sequence[str]] = {
    "view": tuple(VIEWS),
    "scale": (LINEAR, LOG),
    "settings": (DIFFERENT, ALL),
    "drawn": (FOLDED, SINGLE),
}
_LOOK = "training_look"
_WRITTEN = "training_written"

_KEYS = Keys("training")
widget_key = _KEYS.widget_key


@dataclass(frozen=True)
class Look:
    """What is looked at, and how; the names are those in the URL.

    Attributes:
        view: of `VIEWS`.
        runs: ids of those compared; none for that of the app's model and the shipped
            ones of its network.
        run: the id of the one looked at closely; empty for the first of `runs`.
        smooth: weight of what came before in the curves, per cent.
        scale: of the curves' axes.
        settings: which of the runs' settings are listed.
        drawn: what a box of the network is.
        face: which face the strip shows.
        draw: which draw of its variations.
    """

    view: str = CURVES
    runs: tuple[str, ...] = ()
    run: str = ""
    smooth: int = 0
    scale: str = LINEAR
    settings: str = DIFFERENT
    drawn: str = FOLDED
    face: int = 1
    draw: int = 1

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Look:
        """Read it from a URL's query, by the names; what cannot be read is ignored."""
        found = {
            field.name: value
            for field in fields(cls)
            if (value := _read(field.name, query.get(field.name, ""))) is not None
        }
        return cls(**found)

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        return {
            name: ",".join(value) if name == "runs" else str(value)
            for name, value in values.items()
        }


def _read(name: str, text: str) -> Any:
    text = text.strip()
    if name in _CHOICES:
        return text if text in _CHOICES[name] else None
    if name == "runs":
        ids = dict.fromkeys(part for part in text.split(",") if part)
        return tuple(ids)[:MAX_RUNS]
    if name == "run":
        return text
    if not (text.isascii() and text.isdigit()):
        return None
    if name == "smooth":
        return min(int(text[:8]), MAX_SMOOTHING)
    return max(1, min(int(text[:8]), MAX_NUMBER))


def load() -> None:
    """Take over what the URL asks for; called once at the start of the page.

    Who comes back from another page finds what was left, unless the URL says more.
    """
    query = st.query_params.to_dict()
    arrives = widget_key("view") not in st.session_state
    other = query != st.session_state.get(_WRITTEN)
    if _LOOK not in st.session_state or (bool(query) if arrives else other):
        st.session_state[_LOOK] = Look.from_query(query)


def write_url() -> None:
    """Bring the URL up to what is looked at."""
    query = look().to_query()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


def look() -> Look:
    """What is looked at."""
    return st.session_state[_LOOK]


def change(**changes: Any) -> None:
    """Look at something else, or otherwise."""
    st.session_state[_LOOK] = replace(look(), **changes)


def runs() -> dict[str, Run]:
    """All runs by id, local ones first."""
    return {run.id: run for run in list_runs()}


def chosen(known: Mapping[str, Run]) -> list[Run]:
    """The runs that are compared; never none where there is one.

    Args:
        known: as of `runs`.
    """
    ids = [run_id for run_id in look().runs if run_id in known]
    return [known[run_id] for run_id in ids or _first(known)]


def _first(known: Mapping[str, Run]) -> list[str]:
    """The run of the app's model and the shipped ones of its network, else any run.

    The app's model may have taken over what another run learned in many epochs.
    """
    try:
        of_app = run_of().id
    except AgeModelError:
        of_app = ""
    if of_app not in known:
        return list(known)[:1]
    network = network_of(known[of_app])
    shipped = (run_id for run_id in known if (paths.SHIPPED_RUNS / run_id).is_dir())
    same = [run_id for run_id in shipped if network_of(known[run_id]) == network]
    return list(dict.fromkeys([of_app, *same]))[:MAX_RUNS]


def told(run: Run) -> Told:
    """What a run's recipe and history say, read anew whenever they change.

    Raises:
        RunError: one of them is missing or damaged.
    """
    return _told(run.folder, stamp(run.folder, "config.json", "history.csv"))


@st.cache_data(max_entries=50, show_spinner=False)
def _told(folder: Path, of: tuple[int, ...]) -> Told:
    run = Run(folder)
    return Told(run.read_config(), run.read_history())


def stamp(folder: Path, *names: str) -> tuple[int, ...]:
    """Changes whenever one of a folder's files does."""
    found = []
    for name in names:
        try:
            status = (folder / name).stat()
        except OSError:
            found += [0, 0]
        else:
            found += [status.st_mtime_ns, status.st_size]
    return tuple(found)


def control(name: str) -> dict[str, Any]:
    """What makes a widget show an attribute of the look, and change it."""
    st.session_state[widget_key(name)] = getattr(look(), name)
    return {"key": widget_key(name), "on_change": _take, "args": (name,)}


def _take(name: str) -> None:
    value = st.session_state[widget_key(name)]
    if value is not None:
        change(**{name: value})
