"""The state of the Folder page: whose results one visitor looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ui.attempts import Attempts
from ui.page_state import BaseLook, PageState, choice, line

PEOPLE, FACES, FAILED = "people", "faces", "failed"
VIEWS = {PEOPLE: "Who", FACES: "Faces", FAILED: "Failed files"}


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at.

    Attributes:
        view: of `VIEWS`.
        run: the name of the results; empty for the newest.
    """

    view: str = choice(PEOPLE, tuple(VIEWS))
    run: str = line()


STATE: PageState[Look] = PageState("folder", {"look": Look})
load, write_url = STATE.load, STATE.write_url
look, change = STATE.look, STATE.change
bind, show_choice, widget_key = STATE.bind, STATE.show_choice, STATE.widget_key

ATTEMPTS = Attempts(widget_key("error"))
