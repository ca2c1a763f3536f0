"""What happens once, when the server starts."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from ui import models

BROWSER_DELAY_S = 1.0


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the app, serve it, end it."""
    _route_from_the_first_visit_on()
    models.warm()
    if not st.get_option("server.headless"):
        _open_browser_soon()
    yield


def _route_from_the_first_visit_on() -> None:
    """Keep Streamlit from serving the folder `pages/` by itself.

    It does so, without the router, until `st.navigation` has run once in the process:
    whoever arrives first by a deep link would meet a bare page script with another
    menu. Nothing public switches that off (checked in Streamlit 1.67); this is the
    line by which `st.navigation` does, said before there are visitors.
    """
    PagesManager.uses_pages_directory = False


def _open_browser_soon() -> None:
    """Open the app in a browser, which `streamlit run` leaves to an `st.App`.

    The server accepts connections a moment after the start-up is over.
    """
    url = f"http://localhost:{st.get_option('server.port')}"
    timer = threading.Timer(BROWSER_DELAY_S, webbrowser.open_new_tab, [url])
    timer.daemon = True
    timer.start()
