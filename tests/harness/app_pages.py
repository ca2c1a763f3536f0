"""Pages run by Streamlit's test harness, and what stands on them."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).resolve().parents[2] / "pages"


def open_page(name: str, /, **query: str) -> AppTest:
    """Run pages/NAME.py with a query in its address."""
    page = AppTest.from_file(PAGES / f"{name}.py", default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    return rerun(page)


def rerun(page: AppTest) -> AppTest:
    """Run it again, without an exception."""
    page.run()
    assert not page.exception
    return page


def written(page: AppTest) -> str:
    """All text of the page, kind by kind."""
    blocks = [*page.markdown, *page.caption, *page.text, *page.info, *page.warning]
    return " ".join(" ".join(block.value for block in blocks).split())


def query_of(page: AppTest) -> dict[str, str]:
    """What the page wrote into the URL, where the harness has it as lists."""
    given = page.query_params.items()
    return {name: v if isinstance(v, str) else v[-1] for name, v in given}
