"""The state of the Evaluation page: which run, which faces, and how.

A view has options of its own (`option`, `choose`), which are in the URL while the view
is drawn. What was clicked in a view (`pick`) is text in the view's own words; it is
forgotten as soon as anything else changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Self

import pandas as pd
import streamlit as st

from agemodel.analysis.baselines import evaluated_runs
from agemodel.analysis.predicted_faces import SLICE_FACETS, Slice, read_predicted
from agemodel.core.errors import AgeModelError, RunError
from agemodel.explorer.model_estimates import run_of
from agemodel.runs.predictions import PREDICTIONS
from agemodel.runs.run_folder import Run, find_run
from ui.dataset.dataset_state import faces
from ui.page_state import (
    MAX_TEXT,
    BaseLook,
    PageState,
    Query,
    choice,
    last,
    line,
    stamp,
)

OVERVIEW, CONFUSION, ERRORS, CERTAINTY = "overview", "confusion", "errors", "certainty"
GROUPS, EXTREMES, TWO_RUNS = "groups", "extremes", "runs"
VIEWS = {
    OVERVIEW: "Overview",
    CONFUSION: "Confusion",
    ERRORS: "Errors",
    CERTAINTY: "Certainty",
    GROUPS: "Groups",
    EXTREMES: "Best and worst",
    TWO_RUNS: "Compare runs",
}


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at.

    Attributes:
        view: of `VIEWS`.
        run: the id of the run; empty for that of the app's model.
        other: the id of the run beside it; empty where none was chosen.
        pick: what was clicked in the view, in the view's own words.
    """

    view: str = choice(OVERVIEW, tuple(VIEWS))
    run: str = line()
    other: str = line()
    pick: str = line()

    def having(self, **changes: Any) -> Self:
        """The look after some changes; the pick is forgotten unless it is given."""
        return super().having(**{"pick": ""} | changes)


LOOK_KEYS = tuple(field.name for field in fields(Look))


@dataclass
class Options:
    """The options of the views, as text, by their names in the URL.

    Attributes:
        values: those that were set.
        drawn: the defaults of those that the view on the page has.
    """

    values: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Read what belongs neither to the look nor to the slice."""
        others = set(query) - {*LOOK_KEYS, *SLICE_FACETS}
        return cls({name: last(query, name)[:MAX_TEXT] for name in others})

    def to_query(self) -> dict[str, str]:
        """Those that the view on the page has and that differ from the default."""
        return {
            name: self.values[name]
            for name, default in self.drawn.items()
            if self.values.get(name, default) != default
        }


STATE: PageState[Look] = PageState(
    "evaluation", {"look": Look, "slice": Slice, "options": Options}
)
write_url = STATE.write_url
look, change = STATE.look, STATE.change
control, bind, show_choice = STATE.control, STATE.bind, STATE.show_choice
widget_key, show_button = STATE.widget_key, STATE.show_button


def load() -> None:
    """Read the state from the URL where it changed; called at the start of the page."""
    STATE.load()
    _options().drawn.clear()


def slice_() -> Slice:
    """Which faces count."""
    return STATE.part("slice")


def change_slice(**changes: Any) -> None:
    """Change the slice."""
    STATE.put("slice", replace(slice_(), **changes))
    change()


def pick(text: str) -> None:
    """Keep what was clicked, in the view's own words; the same again clears it."""
    change(pick="" if text == look().pick else text[:MAX_TEXT])


def reset() -> None:
    """The app's run, its test faces, no filter and no option; the view stays."""
    STATE.put("slice", Slice())
    STATE.put("options", Options())
    STATE.put("look", Look(view=look().view))


def is_reset() -> bool:
    """Whether there is nothing that `reset` would change."""
    set_ = _options().to_query()
    return Look(view=look().view) == look() and Slice() == slice_() and not set_


# ----------------------------------------------------------------- runs and their faces


def run() -> Run:
    """The run that is looked at: the one asked for, else that of the app's model.

    Raises:
        RunError: no run was evaluated.
    """
    evaluated = {run.id: run for run in evaluated_runs()}
    for run_id in (look().run, default_run(), *evaluated):
        if run_id in evaluated:
            return evaluated[run_id]
    raise RunError(
        "No run has predictions yet. Evaluate one: python -m agemodel evaluate RUN"
    )


def missing_run() -> str:
    """Why the run that was asked for is not the one that is shown; empty if it is."""
    asked = look().run
    if not asked or asked in {run.id for run in evaluated_runs()}:
        return ""
    try:
        found = find_run(asked)
    except RunError as error:
        return str(error)
    return f"Run {found.id} is not evaluated yet: {found.evaluate_command}"


def default_run() -> str:
    """The id of the run of the app's model; empty where that is not known."""
    try:
        return run_of().id
    except AgeModelError:
        return ""


def estimates(run: Run) -> pd.DataFrame:
    """The faces of a run, as `read_predicted` returns them, read once, not to change.

    Raises:
        RunError: the predictions are missing or damaged.
    """
    return _estimates(run, changed(run))


def changed(run: Run) -> tuple[int, ...]:
    """Tells one evaluation of a run from the next."""
    return stamp(run.folder / PREDICTIONS)


@st.cache_resource(max_entries=6, show_spinner=False)
def _estimates(run: Run, of: tuple[int, ...]) -> pd.DataFrame:
    try:
        described = faces()
    except AgeModelError:
        described = None
    return read_predicted(run, described)


# --------------------------------------------------------------- the options of a view


def _options() -> Options:
    return STATE.part("options")


def option(name: str, default: str, known: Sequence[str] = ()) -> str:
    """An option of the view, by its name in the URL.

    Args:
        name: no other option of the page, no attribute of the look and no key of a
            slice has it.
        default: its value at first.
        known: the values that it can have; empty for any text.
    """
    options = _options()
    options.drawn[name] = default
    if known and options.values.get(name, default) not in known:
        del options.values[name]
    return options.values.get(name, default)


def option_control(name: str, default: str, known: Sequence[str] = ()) -> dict:
    """Arguments for a widget that shows an option, and changes it."""

    def take(value: str | None) -> None:
        if value is not None:
            set_option(name, str(value))

    return bind(name, option(name, default, known), take)


def choose(
    label: str,
    name: str,
    words: Mapping[str, str],
    in_list: bool = False,
    **style: Any,
) -> str:
    """Draw an option as a segmented control, or in a list; return what is chosen.

    Args:
        label: above it.
        name: of the option, see `option`.
        words: each value, the default first, in words.
        in_list: whether in a list.
        style: passed on to the widget.
    """
    known = list(words)
    control = partial(st.segmented_control, required=True, wrap=True)
    widget = st.selectbox if in_list else control
    widget(
        label,
        known,
        format_func=lambda value: words.get(value, value),
        **option_control(name, known[0], known),
        **style,
    )
    return option(name, known[0], known)


def set_option(name: str, value: str) -> None:
    """Give an option another value; what was picked is forgotten."""
    _options().values[name] = value[:MAX_TEXT]
    change()
