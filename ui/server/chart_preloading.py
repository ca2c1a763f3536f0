"""Lets a browser fetch the library of the charts while Streamlit starts in it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGES = {"dataset", "training"}
"""Those whose first screen has a chart; that of Evaluation has figures."""

_SCRIPTS = Path(st.__file__).parent / "static" / "static" / "js"


class ChartPreloading:
    """Names the script of the charts in the header of the pages that draw one first.

    Streamlit asks for its 4.7 MB only once the page's own script has sent a chart.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app; where Streamlit names its script otherwise, nothing is named."""
        self._app = app
        self._links = [
            f"<static/js/{path.name}>; rel=modulepreload; crossorigin"
            for path in _SCRIPTS.glob("PlotlyChart.*.js")
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_links(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for link in self._links:
                    headers.append("link", link)
            await send(message)

        charted = scope["type"] == "http" and scope["path"].rpartition("/")[2] in PAGES
        await self._app(scope, receive, send_with_links if charted else send)
