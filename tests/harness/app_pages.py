"""Pages run by Streamlit's test harness, and what stands on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

PAGES = Path(__file__).resolve().parents[2] / "pages"
_TEXTS = (
    *("markdown", "caption", "text", "subheader", "code"),
    *("info", "success", "warning", "error"),
)


def open_page(name: str, /, **query: str) -> AppTest:
    """Run pages/NAME.py with a query in its address."""
    return _open(AppTest.from_file(PAGES / f"{name}.py", default_timeout=60), query)


def opening(name: str) -> Callable[..., AppTest]:
    """A function that runs pages/NAME.py with a query in its address."""
    return partial(open_page, name)


def run_script(script: Callable[[], None], /, **query: str) -> AppTest:
    """Run a function as a script, with a query in its address."""
    return _open(AppTest.from_function(script, default_timeout=120), query)


def _open(page: AppTest, query: dict[str, str]) -> AppTest:
    for key, value in query.items():
        page.query_params[key] = value
    return rerun(page)


def unfolded(page: AppTest, *keys: str) -> AppTest:
    """The page with the expanders of some keys open."""
    for key in keys:
        page.session_state[key] = True
    return rerun(page)


def rerun(page: AppTest) -> AppTest:
    """Run it again, without an exception."""
    page.run()
    assert not page.exception
    return page


def after(changed: Widget) -> AppTest:
    """Run a page after one of its widgets was clicked or set, without an exception."""
    page = changed.run()
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button with a label."""
    return after(next(one for one in page.button if one.label == label).click())


def labels(page: AppTest) -> list[str]:
    """What stands on the buttons, but for the one that every page has."""
    return [one.label for one in page.button if one.key != "presentation_switch"]


def written(page: AppTest) -> str:
    """All text of the page, kind by kind."""
    blocks: list[Any] = [block for kind in _TEXTS for block in page.get(kind)]
    return " ".join(" ".join(str(block.value) for block in blocks).split())


def query_of(page: AppTest) -> dict[str, str]:
    """What the page wrote into the URL, where the harness has it as lists."""
    given = page.query_params.items()
    return {name: v if isinstance(v, str) else v[-1] for name, v in given}
