"""What a visit held is let go once its time is over, on a server where nobody comes."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.caching.ttl_cache import TTLCache
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from ui.server.session_expiry import end_expired_sessions, return_free_memory

TTL_S = 10
SCRIPT = """
import held
import numpy as np
import streamlit as st


@st.fragment
def show(result):
    st.image(np.zeros((8, 8, 3), np.uint8))


st.session_state.result = held.make()
show(held.make())
st.download_button("Made on request", lambda: b"made")
"""


class Result:
    """Stands for what was estimated, and what a fragment of the page shows."""


made: list[weakref.ref[Result]] = []


def make() -> Result:
    """A result, of which is noted whether it is still there."""
    result = Result()
    made.append(weakref.ref(result))
    return result


class Client(SessionClient):
    """A tab that waits for the end of the script."""

    def __init__(self) -> None:
        self.finished = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        if msg.WhichOneof("type") == "script_finished":
            self.finished.set()


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Visit:
    """A runtime, and a session that holds an upload, pictures and results."""

    def __init__(self, script: Path) -> None:
        self.clock, self.storage = Clock(), MemorySessionStorage()
        self.storage._cache = TTLCache(128, TTL_S, timer=self.clock)
        self.uploads = MemoryUploadedFileManager("/upload")
        self.media = MemoryMediaFileStorage("/media")
        config = RuntimeConfig(
            str(script), self.media, self.uploads, session_storage=self.storage
        )
        self.runtime = Runtime(config)

    async def come_and_go(self) -> None:
        """Open a tab, let its script run, leave things behind, close it."""
        client = Client()
        name = self.runtime.connect_session(client, user_info={})
        message = BackMsg()
        message.rerun_script.query_string = ""
        self.runtime.handle_backmsg(name, message)
        await asyncio.wait_for(client.finished.wait(), 30)
        self.uploads.add_file(name, UploadedFileRec("1", "a.jpg", "image/jpeg", b"a"))
        self.runtime.disconnect_session(name)

    def held(self) -> tuple[int, int, int, int]:
        """Sessions, uploads, pictures, and pictures that are made on request."""
        return (
            len(self.storage._cache._data),
            len(self.uploads.file_storage),
            len(self.media._files_by_id),
            len(self.runtime.media_file_mgr._deferred_callables),
        )


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Runtime, "_instance", None)
    monkeypatch.setitem(sys.modules, "held", SimpleNamespace(make=make))
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, "utf-8")
    return path


def test_session_is_ended_with_all_that_it_held_once_its_time_is_over(
    script: Path,
) -> None:
    async def live() -> None:
        visit = Visit(script)
        await visit.runtime.start()
        await visit.come_and_go()
        assert visit.held() == (1, 1, 1, 1)
        visit.clock.now_s = TTL_S - 1
        assert end_expired_sessions(visit.runtime) == 0
        assert visit.held() == (1, 1, 1, 1)
        assert all(result() for result in made)
        visit.clock.now_s = TTL_S
        assert end_expired_sessions(visit.runtime) == 1
        await asyncio.sleep(0)  # what a session leaves to the loop to close
        assert visit.held() == (0, 0, 0, 0)
        gc.collect()
        assert [result() for result in made] == [None, None]
        visit.runtime.stop()
        await visit.runtime.stopped

    asyncio.run(live())


def test_free_memory_is_returned_or_left_without_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    return_free_memory()
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())  # a library without it
    return_free_memory()
