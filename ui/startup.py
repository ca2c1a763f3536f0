"""What happens once, when the server starts."""

from __future__ import annotations

import asyncio
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.routing import Route
from streamlit.runtime.pages_manager import PagesManager

from agemodel import logs, memory
from agemodel.caps import caps
from ui.sockets import answer_at_once

BROWSER_DELAY_S = 1.0


def routes() -> list[Route]:
    """The addresses beside Streamlit's own."""
    memory.prepare()
    from ui import ready  # it loads what must be prepared for

    return [ready.route()]


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start the app, serve it, end it."""
    logs.set_up()
    caps()  # a senseless cap stops the app here
    memory.prepare()
    answer_at_once()
    from agemodel import estimator  # they load what must be prepared for
    from ui import departures, warming

    estimator.work_in_one_thread()
    _keep_uploads_off_the_disk()
    _route_from_the_first_visit_on()
    warming.load_modules()
    warming.load_data()
    if not st.get_option("server.headless"):
        _open_browser_soon()
    departing = asyncio.create_task(departures.see_off_for_ever())
    yield
    departing.cancel()


def _keep_uploads_off_the_disk() -> None:
    """Let an upload arrive in memory, where Streamlit keeps it anyway.

    Starlette would put a body of more than 1 MB into a temporary file; this attribute
    of its parser is meant to be set (checked in Starlette 1.10). What is larger than
    Streamlit lets through never gets that far.
    """
    most_mb = st.get_option("server.maxUploadSize") + 1
    MultiPartParser.spool_max_size = most_mb * 1024**2


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
