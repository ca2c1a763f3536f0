"""What becomes of visits that are over: they are ended, and what they left is wiped.

Streamlit keeps the state of a closed tab for a while, in case it comes back
(`server.disconnectedSessionTTL`). When that time is over nothing happens by itself: the
state goes when another tab is closed, and of the tab that was written to last not even
then, because the loop that writes still has it at hand (checked in Streamlit 1.67). So,
when a visit's time is over, nobody comes by, is met, and leaves. Not more often: each
end of a visit also removes files that another has just been given to download.
"""

from __future__ import annotations

import asyncio
import logging

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.session_manager import SessionClient

from agemodel import memory
from ui import models

LOOK_EVERY_S = 5.0
GREETING_PATIENCE_S = 30.0
WIPES = 2
"""At the first one something of the visit's may still be on its way."""

_log = logging.getLogger(__name__)


async def see_off_for_ever() -> None:
    """Look for visits that are over; runs in the server's event loop beside it."""
    present: set[str] = set()
    wipes = 0
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            runtime = get_instance()
            expected = bool(present - present_visits(runtime) or wipes)
            before, present = present, await end_visits(runtime, expected)
            wipes = WIPES if before - present else max(wipes - 1, 0)
            if wipes:
                await asyncio.to_thread(wipe)
                memory.overwrite_own_cache()  # of this thread, which never ends
        except Exception:  # or one failure would be the last look
            _log.exception("Visits that are over could not be ended.")


async def end_visits(runtime: Runtime, expected: bool) -> set[str]:
    """End the visits whose tabs have been closed for long enough.

    Their pictures, downloads and uploads go with them.

    Args:
        runtime: of this server.
        expected: whether there may be any.

    Returns:
        The ids of the visits that remain.
    """
    if expected:
        await _visit_as_nobody(runtime)
    present = present_visits(runtime)
    _drop_stray_uploads(runtime, present)
    return present


def present_visits(runtime: Runtime) -> set[str]:
    """The ids of the visits that are open, or closed for less than their time."""
    return {visit.session.id for visit in runtime._session_mgr.list_sessions()}


def wipe() -> None:
    """Overwrite what ended visits left in memory, and return it to the system."""
    models.forget_photos()
    memory.release()


class _Nobody(SessionClient):
    """A client that waits for a sign of life."""

    def __init__(self) -> None:
        self.greeted = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        self.greeted.set()


async def _visit_as_nobody(runtime: Runtime) -> None:
    """Come, be written to and go; Streamlit then ends what has expired.

    A visit's end only marks the files that were downloaded; nobody's end removes them.
    """
    nobody = _Nobody()
    visit = runtime.connect_session(nobody, user_info={})
    try:
        runtime.handle_backmsg(visit, BackMsg(app_heartbeat=True))
        await asyncio.wait_for(nobody.greeted.wait(), GREETING_PATIENCE_S)
    finally:
        runtime.disconnect_session(visit)
        runtime.close_session(visit)


def _drop_stray_uploads(runtime: Runtime, present: set[str]) -> None:
    """Drop uploads of visits that are no more.

    An upload is accepted while its visit lasts, and kept when it is complete, be the
    visit over by then.
    """
    uploads = runtime.uploaded_file_mgr
    if isinstance(uploads, MemoryUploadedFileManager):
        for session_id in list(uploads.file_storage):
            if session_id not in present:
                uploads.remove_session_files(session_id)
