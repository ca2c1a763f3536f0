from __future__ import annotations

import subprocess
import sys

import pytest

from agemodel.core.errors import ModelError
from ui import served_model
from ui.dataset import dataset_state
from ui.evaluation import headline_view
from ui.server import warming

CHILD = """
import sys
from ui.server.warming import load_modules
load_modules()
wanted = {"pandas", "plotly.graph_objects", "ui.dataset.filter_charts"}
print(wanted <= set(sys.modules), "tensorflow" in sys.modules, "keras" in sys.modules)
"""


def test_modules_of_every_page_are_loaded_and_tensorflow_is_not() -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True
    )
    assert child.stdout.split() == ["True", "False", "False"]


def test_what_cannot_be_loaded_keeps_nothing_else_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded: list[str] = []

    def fail() -> None:
        raise ModelError("damaged")

    monkeypatch.setattr(served_model, "estimator", fail)
    monkeypatch.setattr(served_model, "neighbours", fail)
    monkeypatch.setattr(dataset_state, "faces", lambda: loaded.append("faces"))
    monkeypatch.setattr(headline_view, "warm", lambda: loaded.append("headline"))
    warming.load_data.clear()
    warming.load_data().join()
    warming.load_data.clear()
    assert loaded == ["faces", "headline"]
