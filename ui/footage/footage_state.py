"""The state of the Footage page: whose results one visitor looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ui.page_state import BaseLook, PageState, choice, line

TIME, PEOPLE, TABLE = "time", "people", "visits"
VIEWS = {TIME: "Over time", PEOPLE: "Who", TABLE: "Visits"}


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at: a view, and the name of results, empty for the newest."""

    view: str = choice(TIME, tuple(VIEWS))
    run: str = line()


STATE: PageState[Look] = PageState("footage", {"look": Look})
widget_key = STATE.widget_key
