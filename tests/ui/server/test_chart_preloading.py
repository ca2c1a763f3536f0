"""The script of the charts is named to the browser before Streamlit asks for it."""

from __future__ import annotations

import asyncio
import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from ui.server.chart_preloading import ChartPreloading


def link_of(path: str) -> str:
    """The header Link of the answer to a path; empty for none."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    asyncio.run(ChartPreloading(PlainTextResponse("a page"))(scope, receive, send))
    assert sent[-1]["body"] == b"a page"
    return dict(sent[0]["headers"]).get(b"link", b"").decode()


@pytest.mark.parametrize("path", ["/dataset", "/behind/training"])
def test_page_that_begins_with_a_chart_names_the_script_that_draws_it(
    path: str,
) -> None:
    # Streamlit names its scripts by their content: a new release may name it otherwise.
    link = r"<static/js/PlotlyChart\.[^<>]*\.js>; rel=modulepreload; crossorigin"
    assert re.fullmatch(link, link_of(path))


@pytest.mark.parametrize("path", ["/", "/evaluation", "/static/js/index.js"])
def test_other_answers_are_left_as_they_are(path: str) -> None:
    assert link_of(path) == ""
