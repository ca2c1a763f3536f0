"""The state of the Footage page: whose results one visitor looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError
from ui.page_state import BaseLook, PageState, choice, line

TIME, PEOPLE, TABLE = "time", "people", "visits"
VIEWS = {TIME: "Over time", PEOPLE: "Who", TABLE: "Visits"}


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at.

    Attributes:
        view: of `VIEWS`.
        run: the name of the results; empty for the newest.
    """

    view: str = choice(TIME, tuple(VIEWS))
    run: str = line()


STATE: PageState[Look] = PageState("footage", {"look": Look})
load, write_url = STATE.load, STATE.write_url
look, change = STATE.look, STATE.change
bind, show_choice, widget_key = STATE.bind, STATE.show_choice, STATE.widget_key

_ERROR = widget_key("error")


def attempt(action: Callable[[], Any]) -> bool:
    """Run a button's action; keep its error for `show_refusal`."""
    try:
        action()
    except AgeModelError as error:
        st.session_state[_ERROR] = str(error)
        return False
    return True


def show_refusal() -> None:
    """Show the error of the last `attempt`, once."""
    if problem := st.session_state.pop(_ERROR, ""):
        show_error(problem)


def show_error(problem: str) -> None:
    """Say why something was refused; the text may hold what a user named."""
    st.error("**That did not work.**", icon=":material/error:")
    st.text(problem)
