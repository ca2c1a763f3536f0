"""The address to which a browser sends a camera's frames, and gets faces back.

A frame is a binary message, one JPEG; its answer a text message, JSON:

    {"size": [640, 480], "dropped": 0, "faces": [{"number": 1, "box_xyxy": [...],
     "age_years": 34.2, "age_low": 28.0, "age_high": 41.1, "p_female": 0.97,
     "gender": "female", "note": ""}]}
    {"problem": "..."}       a frame that cannot be used; the next may be
    {"snapshot": "NAME"}     after the text `snapshot` and a JPEG of its own
    {"closing": "..."}       why the connection ends

One frame is in flight: what comes before its answer is dropped and counted. Frames are
looked at in threads, so that the event loop is not held up, and kept nowhere.
"""

from __future__ import annotations

import asyncio
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from agemodel.core.errors import AgeModelError
from agemodel.footage.looks import FindsLooks
from agemodel.live import camera_frames, snapshots
from agemodel.live.finder_pool import FinderPool
from agemodel.live.live_session import LiveSession
from ui import served_model
from ui.server import live_page

PATH = f"{live_page.PATH}/frames"
SNAPSHOT = "snapshot"
MOST_SOCKETS = 8
MOST_PER_S = 12.0
"""Frames of one camera; one that comes sooner waits."""

MOST_DROPPED = 100
"""Frames in a row that came before an answer: whoever sends so waits for none."""

IDLE_S = 30.0

FULL = (
    f"Already {MOST_SOCKETS} cameras are looked at, which is all that this app does at "
    "a time. Try again in a minute."
)
IDLE = f"No picture came for {IDLE_S:.0f} seconds, so the connection was closed."
HEAVY = "The picture is too large: expected at most {most:,} KB, got {got:,} KB."
HASTY = "Pictures came without waiting for their answers. Load this page again."
FAILED = "Something in this app failed on this picture; the log says what."
_POLICY, _HEAVY, _LATER = 1008, 1009, 1013

_WORKERS = min(os.cpu_count() or 1, 4)
_threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="live")
_open: set[WebSocket] = set()


def route() -> WebSocketRoute:
    """The address, for `st.App`."""
    return WebSocketRoute(PATH, _serve)


def is_own(origin: str | None, host: str | None) -> bool:
    """Whether a page of this app opened a connection.

    Args:
        origin: of the page, as its browser says.
        host: that the browser asked.
    """
    try:
        from_host = urlsplit(origin or "").netloc
    except ValueError:
        return False
    return bool(from_host) and from_host.lower() == (host or "").lower()


async def _serve(websocket: WebSocket) -> None:
    headers = websocket.headers
    if not is_own(headers.get("Origin"), headers.get("Host")):
        await websocket.close(_POLICY)
        return
    if len(_open) >= MOST_SOCKETS:
        await websocket.accept()
        await _end(websocket, FULL, _LATER)
        return
    _open.add(websocket)
    try:
        await websocket.accept()
        await _look(websocket)
    finally:
        _open.discard(websocket)


async def _look(websocket: WebSocket) -> None:
    loop = asyncio.get_running_loop()
    try:
        session, find_looks = await loop.run_in_executor(_threads, _begin)
    except AgeModelError as error:
        await _end(websocket, str(error), _LATER)
        return
    with suppress(WebSocketDisconnect):
        await _Camera(websocket, session, find_looks).run()


def _begin() -> tuple[LiveSession, FindsLooks]:
    """A session and what finds its faces.

    Raises:
        ModelError: the model is missing, damaged or of another version.
    """
    calibration = served_model.estimator().calibration
    return LiveSession(calibration), _finders(*served_model.version())


@st.cache_resource(show_spinner=False, max_entries=1)
def _finders(folder: Path, exported: int) -> FinderPool:
    return FinderPool(served_model.estimator(), _WORKERS)


async def _end(websocket: WebSocket, why: str, code: int) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # it has gone already
        await websocket.send_json({"closing": why})
        await websocket.close(code)


class _Camera:
    """One connection: its frames in, its faces out."""

    def __init__(
        self, websocket: WebSocket, session: LiveSession, find_looks: FindsLooks
    ) -> None:
        self._websocket = websocket
        self._session, self._find_looks = session, find_looks
        self._work: asyncio.Task[None] | None = None
        self._dropped = 0
        self._next_s = 0.0

    async def run(self) -> None:
        """Answer frames until the browser has gone, or must go."""
        try:
            why, code = await self._receive()
            await _end(self._websocket, why, code)
        finally:
            if self._work:
                self._work.cancel()

    async def _receive(self) -> tuple[str, int]:
        """Receive until the connection is to end; why, and its code."""
        is_snapshot = False
        while True:
            try:
                message = await asyncio.wait_for(self._websocket.receive(), IDLE_S)
            except TimeoutError:
                return IDLE, _LATER
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            data = message.get("bytes")
            if data is None:
                is_snapshot = message.get("text") == SNAPSHOT
                continue
            most = snapshots.MOST_BYTES if is_snapshot else camera_frames.MOST_BYTES
            if len(data) > most:
                got = len(data) // 1024
                return HEAVY.format(most=most // 1024, got=got), _HEAVY
            if is_snapshot:
                await self._send({"snapshot": _keep(data)})
                is_snapshot = False
            elif not self._take(data):
                return HASTY, _POLICY

    def _take(self, data: bytes) -> bool:
        """Look at a frame, or drop it; False where too many had to be dropped."""
        if self._work and not self._work.done():
            self._dropped += 1
            return self._dropped <= MOST_DROPPED
        self._work = asyncio.create_task(self._answer(data))
        return True

    async def _answer(self, data: bytes) -> None:
        await asyncio.sleep(max(0.0, self._next_s - time.monotonic()))
        self._next_s = time.monotonic() + 1 / MOST_PER_S
        loop = asyncio.get_running_loop()
        see = functools.partial(self._see, data, time.monotonic())
        try:
            answer = await loop.run_in_executor(_threads, see)
        except AgeModelError as error:
            answer = {"problem": str(error)}
        except Exception:
            await self._send({"problem": FAILED})
            raise  # asyncio logs it
        dropped, self._dropped = self._dropped, 0
        await self._send(answer | {"dropped": dropped})

    def _see(self, data: bytes, time_s: float) -> dict[str, Any]:
        rgb = camera_frames.read_frame(data)
        height, width = rgb.shape[:2]
        looks = self._find_looks(rgb, time_s)
        faces = self._session.see(time_s, looks, (width, height))
        return {"size": [width, height], "faces": [asdict(face) for face in faces]}

    async def _send(self, answer: dict[str, Any]) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it has gone meanwhile
            await self._websocket.send_json(answer)


def _keep(jpeg: bytes) -> str:
    """Keep a photo for the Estimate page, for a minute."""
    name = snapshots.WAITING.keep(jpeg)
    loop = asyncio.get_running_loop()
    loop.call_later(snapshots.KEPT_S, snapshots.WAITING.fetch, name)
    return name
