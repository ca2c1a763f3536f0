"""What happens once, when the server starts."""

from __future__ import annotations

import asyncio
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit.runtime.pages_manager import PagesManager

from agemodel.core.caps import caps
from agemodel.serving import estimator
from ui.server import (
    chart_preloading,
    chart_taps,
    live_page,
    live_socket,
    logs,
    ready,
    session_expiry,
    warming,
)
from ui.server.sockets import answer_at_once

BROWSER_DELAY_S = 1.0


def routes() -> list[BaseRoute]:
    """The addresses beside Streamlit's own."""
    return [ready.route(), chart_taps.route(), *live_page.routes(), live_socket.route()]


def middleware() -> list[Middleware]:
    """What stands between the requests and Streamlit."""
    return [Middleware(chart_preloading.ChartPreloading)]


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Set up the app before it serves, and end it after."""
    logs.set_up()
    caps()  # a senseless cap stops the app here
    answer_at_once()
    estimator.work_in_one_thread()
    _keep_uploads_off_the_disk()
    _route_from_the_first_visit_on()
    warming.load_modules()
    warming.load_data()
    if not st.get_option("server.headless"):
        _open_browser_soon()
    expiring = asyncio.create_task(session_expiry.keep_ending_expired_sessions())
    yield
    expiring.cancel()


def _keep_uploads_off_the_disk() -> None:
    """Keep large uploads out of temporary files: they arrive in memory.

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
