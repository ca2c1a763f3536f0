"""Visits that are over are ended by looking, without another visitor's help."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator

import cv2
import pytest
import streamlit as st
from starlette.formparsers import MultiPartParser
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from agemodel import memory
from agemodel.batches import Batch
from ui import departures, startup, warming
from ui.departures import end_visits

TTL_S = 0.3
PATIENCE_S = 10


class Tab(SessionClient):
    def __init__(self) -> None:
        self.written = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        self.written.set()


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Runtime, "_instance", None)
    yield


async def started() -> Runtime:
    runtime = Runtime(
        RuntimeConfig(
            script_path=__file__,
            media_file_storage=MemoryMediaFileStorage("/media"),
            uploaded_file_manager=MemoryUploadedFileManager("/upload"),
            session_storage=MemorySessionStorage(ttl_seconds=TTL_S),
        )
    )
    await runtime.start()
    return runtime


async def open_tab(runtime: Runtime) -> str:
    tab = Tab()
    visit = runtime.connect_session(tab, user_info={})
    runtime.handle_backmsg(visit, BackMsg(app_heartbeat=True))
    await asyncio.wait_for(tab.written.wait(), PATIENCE_S)
    return visit


def upload(runtime: Runtime, visit: str) -> None:
    photo = UploadedFileRec(file_id="photo", name="a.jpg", type="", data=b"pixels")
    runtime.uploaded_file_mgr.add_file(visit, photo)


def uploads(runtime: Runtime, visit: str) -> int:
    return len(runtime.uploaded_file_mgr.get_files(visit, ["photo"]))


def keep_batch(runtime: Runtime, visit: str) -> weakref.ref[Batch]:
    session = runtime.get_app_session(visit)
    assert session is not None
    batch = Batch()
    session.session_state["batch"] = batch
    return weakref.ref(batch)


async def stop(runtime: Runtime) -> None:
    runtime.stop()
    await runtime.stopped


def test_closed_tab_gives_its_photos_up_on_a_server_without_other_visitors(
    instance: None,
) -> None:
    async def scenario() -> None:
        runtime = await started()
        visit = await open_tab(runtime)
        batch = keep_batch(runtime, visit)
        upload(runtime, visit)
        runtime.disconnect_session(visit)
        assert await end_visits(runtime, True) == {visit}  # it may come back
        assert batch() is not None
        assert uploads(runtime, visit) == 1
        await asyncio.sleep(TTL_S)
        assert await end_visits(runtime, True) == set()
        gc.collect()
        assert batch() is None
        assert uploads(runtime, visit) == 0
        await stop(runtime)

    asyncio.run(scenario())


def test_open_tab_keeps_its_photos(instance: None) -> None:
    async def scenario() -> None:
        runtime = await started()
        visit = await open_tab(runtime)
        batch = keep_batch(runtime, visit)
        upload(runtime, visit)
        await asyncio.sleep(TTL_S)
        assert await end_visits(runtime, True) == {visit}
        assert batch() is not None
        assert uploads(runtime, visit) == 1
        await stop(runtime)

    asyncio.run(scenario())


def test_upload_that_arrives_after_its_visit_is_dropped(instance: None) -> None:
    async def scenario() -> None:
        runtime = await started()
        visit = await open_tab(runtime)
        runtime.close_session(visit)
        upload(runtime, visit)
        assert await end_visits(runtime, False) == set()
        assert uploads(runtime, visit) == 0
        await stop(runtime)

    asyncio.run(scenario())


def test_files_that_were_downloaded_go_with_their_visit(instance: None) -> None:
    async def scenario() -> None:
        runtime = await started()
        visit = await open_tab(runtime)
        media = runtime.media_file_mgr
        url = media.add(b"table", "text/csv", "1", is_for_static_download=True)
        name = url.rpartition("/")[2].partition(".")[0]
        file = media.read_file(name)
        assert file is not None
        assert file.kind == MediaFileKind.DOWNLOADABLE
        media.clear_session_refs()
        runtime.disconnect_session(visit)
        await asyncio.sleep(TTL_S)
        await end_visits(runtime, True)
        assert media.read_file(name) is None
        await stop(runtime)

    asyncio.run(scenario())


def test_who_left_is_wiped_after_twice_and_others_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter([{"a"}, {"a", "b"}, {"b"}, {"b"}, {"b"}, {"b"}])
    wiped_at: list[int] = []
    threads: list[int] = []
    seen = 0

    expected: list[bool] = []

    async def look(_runtime: object, is_expected: bool) -> set[str]:
        nonlocal seen
        seen += 1
        expected.append(is_expected)
        return next(looks)

    monkeypatch.setattr(departures, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(departures, "get_instance", lambda: None)
    monkeypatch.setattr(departures, "end_visits", look)
    monkeypatch.setattr(departures, "present_visits", lambda _runtime: {"b"})
    monkeypatch.setattr(departures, "wipe", lambda: wiped_at.append(seen))
    monkeypatch.setattr(
        memory, "overwrite_own_cache", lambda: threads.append(threading.get_ident())
    )

    async def scenario() -> None:
        task = asyncio.create_task(departures.see_off_for_ever())
        async with asyncio.timeout(PATIENCE_S):
            while seen < 6:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(scenario())
    assert wiped_at == [3, 4]  # "a" is missed at the third look
    # "a" is known after the first look and no more listed; then it is to be wiped.
    assert expected == [False, True, True, True, True, False]
    assert threads == [threading.get_ident()] * 2  # the server's own, too


def test_a_look_that_fails_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = 0

    def fail() -> None:
        nonlocal looks
        looks += 1
        raise RuntimeError

    monkeypatch.setattr(departures, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(departures, "get_instance", fail)

    async def scenario() -> None:
        task = asyncio.create_task(departures.see_off_for_ever())
        async with asyncio.timeout(PATIENCE_S):
            while looks < 2:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(scenario())
    assert "could not be ended" in caplog.text


def test_server_starts_looking_and_takes_uploads_into_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looking = asyncio.Event()
    given: list[int] = []

    async def look() -> None:
        looking.set()
        await asyncio.sleep(PATIENCE_S)

    monkeypatch.setattr(departures, "see_off_for_ever", look)
    monkeypatch.setattr(warming, "load_data", lambda: None)
    monkeypatch.setattr(startup, "_open_browser_soon", lambda: None)
    monkeypatch.setattr(MultiPartParser, "spool_max_size", 0)
    monkeypatch.setattr(cv2, "setNumThreads", given.append)

    async def scenario() -> None:
        async with startup.lifespan(None):  # type: ignore[arg-type]
            await asyncio.wait_for(looking.wait(), PATIENCE_S)

    asyncio.run(scenario())
    most_bytes = st.get_option("server.maxUploadSize") * 1024**2
    assert MultiPartParser.spool_max_size > most_bytes
    assert given == [1]  # threads of OpenCV's own
