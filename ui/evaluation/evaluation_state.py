"""What one visitor looks at on the Evaluation page: which run, which faces, and how.

As on the Dataset page all of it is kept here and written into the URL; widgets only
show it. A view has options of its own (`option`, `choose`), which are in the URL while
the view is drawn. What was clicked in a view (`pick`) is text in the view's own words;
it is forgotten as soon as anything else changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd
import streamlit as st

from agemodel.analysis.baselines import evaluated_runs
from agemodel.analysis.predicted_faces import SLICE_KEYS, Slice, read_judged
from agemodel.core.errors import AgeModelError, RunError
from agemodel.explorer.model_estimates import run_of
from agemodel.runs.run_folder import PREDICTIONS, Run
from ui.dataset.dataset_state import faces, pictures_dir
from ui.keys import Keys

__all__ = ["faces", "pictures_dir"]  # of the dataset, for the views of this page

OVERVIEW, CONFUSION, ERRORS, CERTAINTY = "overview", "confusion", "errors", "certainty"
GROUPS, EXTREMES, TWO_RUNS = "groups", "extremes", "runs"
VIEWS = {
    OVERVIEW: "Overview",
    CONFUSION: "Confusion",
    ERRORS: "Errors",
    CERTAINTY: "Certainty",
    GROUPS: "Groups",
    EXTREMES: "Extremes",
    TWO_RUNS: "Two runs",
}
MAX_TEXT = 400
"""Characters of an option, or of what was picked, that a URL may hold."""

_LOOK = "evaluation_look"
_SLICE = "evaluation_slice"
_OPTIONS = "evaluation_options"
_DRAWN = "evaluation_drawn"
_WRITTEN = "evaluation_written"

_KEYS = Keys("evaluation")
widget_key = _KEYS.widget_key
round_key = _KEYS.round_key
renew = _KEYS.renew


@dataclass(frozen=True)
class Look:
    """What is looked at; the names are those in the URL.

    Attributes:
        view: of `VIEWS`.
        run: the id of the run; empty for that of the app's model.
        other: the id of the run beside it; empty where none was chosen.
        pick: what was clicked in the view, in the view's own words.
    """

    view: str = OVERVIEW
    run: str = ""
    other: str = ""
    pick: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Look:
        """Read it from a URL's query; a view that does not exist is ignored."""
        texts = {field.name: _last(query, field.name) for field in fields(cls)}
        if texts["view"] not in VIEWS:
            texts["view"] = OVERVIEW
        return cls(**texts)

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }


LOOK_KEYS = tuple(field.name for field in fields(Look))


# ----------------------------------------------------------------- runs and their faces


def runs() -> list[Run]:
    """The runs that were evaluated, local ones first."""
    return evaluated_runs()


def run() -> Run:
    """The run that is looked at: the one asked for, else that of the app's model.

    Raises:
        RunError: no run was evaluated.
    """
    evaluated = {run.id: run for run in runs()}
    for run_id in (look().run, default_run()):
        if run_id in evaluated:
            return evaluated[run_id]
    if evaluated:
        return next(iter(evaluated.values()))
    raise RunError(
        "No run has predictions yet. Evaluate one: python -m agemodel evaluate RUN"
    )


def default_run() -> str:
    """The id of the run of the app's model; empty where that is not known."""
    try:
        return run_of().id
    except AgeModelError:
        return ""


def judged(run: Run) -> pd.DataFrame:
    """The faces of a run, as of `read_judged`, read once; never to be changed.

    Raises:
        RunError: the predictions are missing or damaged.
    """
    return _judged(run, changed(run))


def changed(run: Run) -> int:
    """When the run's predictions were written; tells one evaluation from the next."""
    path = run.folder / PREDICTIONS
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_resource(max_entries=6, show_spinner=False)
def _judged(run: Run, written: int) -> pd.DataFrame:
    try:
        described = faces()
    except AgeModelError:
        described = None
    return read_judged(run, described)


# ------------------------------------------------------------------------------ the URL


def load() -> None:
    """Take over what the URL asks for; called once at the start of the page.

    Who comes back from another page finds what was left, unless the URL says more.
    A URL that is not the one written last was typed, shared or gone back to.
    """
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    arrives = widget_key("view") not in st.session_state
    first = _LOOK not in st.session_state
    other = st.query_params.to_dict() != st.session_state.get(_WRITTEN)
    if first or (bool(query) if arrives else other):
        st.session_state[_LOOK] = Look.from_query(query)
        st.session_state[_SLICE] = Slice.from_query(query)
        known = (*LOOK_KEYS, *SLICE_KEYS)
        st.session_state[_OPTIONS] = {
            name: _last(query, name) for name in query if name not in known
        }
    st.session_state[_DRAWN] = {}


def write_url() -> None:
    """Bring the URL up to what is looked at: at the end of the page, or a fragment."""
    query = look().to_query() | slice_().to_query() | _options_drawn()
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN] = query


def _options_drawn() -> dict[str, str]:
    """The options that the view on the page has and that are not as at first."""
    drawn = st.session_state.get(_DRAWN, {})
    options = st.session_state[_OPTIONS]
    return {
        name: options[name]
        for name, default in drawn.items()
        if options.get(name, default) != default
    }


def _last(query: Mapping[str, Sequence[str]], name: str) -> str:
    return (query.get(name) or [""])[-1][:MAX_TEXT]


# ------------------------------------------------------------- run, faces and the view


def look() -> Look:
    """What is looked at."""
    return st.session_state[_LOOK]


def slice_() -> Slice:
    """Which faces count."""
    return st.session_state[_SLICE]


def change_look(**changes: Any) -> None:
    """Look at something else; what was picked is forgotten unless it is given."""
    st.session_state[_LOOK] = replace(look(), **{"pick": ""} | changes)


def change_slice(**changes: Any) -> None:
    """Let other faces count."""
    st.session_state[_SLICE] = replace(slice_(), **changes)
    change_look()


def pick(text: str) -> None:
    """Keep what was clicked, in the view's own words; the same again lets go of it."""
    change_look(pick="" if text == look().pick else text[:MAX_TEXT])


def reset() -> None:
    """The app's run, its test faces, no filter and no option; the view stays."""
    st.session_state[_SLICE] = Slice()
    st.session_state[_OPTIONS] = {}
    st.session_state[_LOOK] = Look(view=look().view)


def is_reset() -> bool:
    """Whether there is nothing that `reset` would change."""
    drawn = _options_drawn()
    return Look(view=look().view) == look() and Slice() == slice_() and not drawn


# ----------------------------------------------------------------------------- widgets


def control(name: str) -> dict[str, Any]:
    """What makes a widget show an attribute of the look, and change it."""
    st.session_state[widget_key(name)] = getattr(look(), name)
    return {"key": widget_key(name), "on_change": _take, "args": (name,)}


def _take(name: str) -> None:
    value = st.session_state[widget_key(name)]
    if value is not None:
        change_look(**{name: value})


def option(name: str, default: str, known: Sequence[str] = ()) -> str:
    """An option of the view, by its name in the URL.

    Args:
        name: no other option of the page, no attribute of the look and no key of a
            slice has it.
        default: its value at first.
        known: the values that it can have; empty for any text.
    """
    st.session_state[_DRAWN][name] = default
    value = st.session_state[_OPTIONS].get(name, default)
    if known and value not in known:
        st.session_state[_OPTIONS].pop(name)
        return default
    return value


def option_control(name: str, default: str, known: Sequence[str] = ()) -> dict:
    """What makes a widget, whose value is text, show an option and change it."""
    st.session_state[widget_key(name)] = option(name, default, known)
    return {"key": widget_key(name), "on_change": _take_option, "args": (name,)}


def choose(label: str, name: str, words: Mapping[str, str], **style: Any) -> str:
    """Draw an option as a segmented control; return what is chosen.

    Args:
        label: above the control.
        name: as of `option`.
        words: each value, the default first, in words.
        style: passed on to `st.segmented_control`.
    """
    known = list(words)
    st.segmented_control(
        label,
        known,
        format_func=lambda value: words.get(value, value),
        required=True,
        **option_control(name, known[0], known),
        **style,
    )
    return option(name, known[0], known)


def _take_option(name: str) -> None:
    value = st.session_state[widget_key(name)]
    if value is not None:
        set_option(name, str(value))


def set_option(name: str, value: str) -> None:
    """Give an option another value; what was picked is forgotten."""
    options = st.session_state[_OPTIONS]
    st.session_state[_OPTIONS] = options | {name: value[:MAX_TEXT]}
    change_look()
