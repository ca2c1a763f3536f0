from __future__ import annotations

import sys
from types import ModuleType

import pytest


@pytest.fixture(autouse=True)
def no_main_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is spawned runs the main script again, and a test of a page leaves
    the page's behind."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
