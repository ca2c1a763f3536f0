"""What the buttons of a page do: an error is kept, and told when it is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError


class Attempts:
    """Actions of one page's buttons."""

    def __init__(self, key: str) -> None:
        """Name the place in the session that keeps an error."""
        self._key = key

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Run a button's action; keep its error for `show_refusal`."""
        try:
            action()
        except AgeModelError as error:
            st.session_state[self._key] = str(error)
            return False
        return True

    def on_click(self, action: Callable[[], Any]) -> None:
        """The same, for a button to call."""
        self.attempt(action)

    def show_refusal(self) -> None:
        """Show the error of the last `attempt`, once."""
        if problem := st.session_state.pop(self._key, ""):
            show_error(problem)


def show_error(problem: str) -> None:
    """Say why something was refused; the text may hold what a user named."""
    st.error("**That did not work.**", icon=":material/error:")
    st.text(problem)
