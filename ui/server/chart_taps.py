"""The script by which charts answer a finger, and show what its tap led to."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.responses import FileResponse
from starlette.routing import Route

PATH = "/chart_taps.js"
_FILE = Path(__file__).with_name("chart_taps.js")
_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}


def route() -> Route:
    """The address of the script, for `st.App`; the proxy's policy allows no other."""
    return Route(PATH, lambda _request: FileResponse(_FILE, headers=_HEADERS))


def load() -> None:
    """Load the script into the page; as a module, so once, however often this runs."""
    script = f'<script type="module" src="{PATH}"></script>'
    st.html(script, unsafe_allow_javascript=True)
