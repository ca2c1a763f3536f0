"""Loads models and data when the server starts, so that no visitor waits for them."""

from __future__ import annotations

import contextlib
import gc
import importlib
import pkgutil
import threading
from collections.abc import Callable
from typing import Any

import streamlit as st

import ui
from agemodel.core.errors import AgeModelError
from ui import served_model


def load_modules() -> None:
    """Import what the pages are made of, and the libraries below it; takes a second."""
    for found in pkgutil.walk_packages(ui.__path__, "ui."):
        importlib.import_module(found.name)


@st.cache_resource(show_spinner=False)
def load_data() -> threading.Thread:
    """Load the model and what the pages show first, once a process, in a thread."""
    thread = threading.Thread(target=_load_all, name="warm", daemon=True)
    thread.start()
    return thread


def _load_all() -> None:
    # Here, for before the server runs Streamlit warns of every function it caches.
    from ui.dataset import dataset_state
    from ui.evaluation import headline_view

    loaders: list[Callable[[], Any]] = [served_model.estimator, served_model.neighbours]
    for load in [*loaders, dataset_state.faces, headline_view.warm]:
        with contextlib.suppress(AgeModelError):  # the page says so when it is needed
            load()
    # Streamlit collects garbage after every run; what was loaded now never becomes any.
    gc.collect()
    gc.freeze()
