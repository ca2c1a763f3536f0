"""Fixtures: the app served, and pages of a Chromium that reach nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.harness.driver import (
    ONE_PROCESS,
    Server,
    launched,
    run_playwright,
    run_server,
    watched_page,
)

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server that every test may use."""
    with run_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited yet."""
    with run_server(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def made_faces_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The Dataset page with made faces, and a data folder of its own."""
    folder = tmp_path_factory.mktemp("made")
    with run_server(folder, HERE / "dataset_faces_app.py") as running:
        yield running


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """It ends with these tests: while its loop is there, no other could start one."""
    with run_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium that reaches 127.0.0.1 and nothing else."""
    with launched(playwright, ONE_PROCESS) as chromium:
        yield chromium


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a watched page: `open_page(width=390, scheme="dark")`."""
    with ExitStack() as pages:
        yield lambda **options: pages.enter_context(watched_page(browser, **options))


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A watched page of 1440 x 900 in the light theme."""
    return open_page()
