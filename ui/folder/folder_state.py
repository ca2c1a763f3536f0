"""The state of the Folder page: whose results one visitor looks at."""

from __future__ import annotations

from dataclasses import dataclass

from ui.page_state import BaseLook, PageState, choice, line

PEOPLE, FACES, FAILED = "people", "faces", "failed"
VIEWS = {PEOPLE: "Who", FACES: "Faces", FAILED: "Failed files"}


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at: a view, and the name of results, empty for the newest."""

    view: str = choice(PEOPLE, tuple(VIEWS))
    run: str = line()


STATE: PageState[Look] = PageState("folder", {"look": Look})
widget_key = STATE.widget_key
