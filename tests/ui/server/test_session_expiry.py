from __future__ import annotations

import asyncio

import pytest

from ui.server import session_expiry


def test_a_look_that_fails_is_not_the_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def looks() -> None:
        again = asyncio.Event()
        answers = iter([RuntimeError("no sessions")])

        def end(_runtime: object) -> int:
            for error in answers:
                raise error
            again.set()
            return 0

        monkeypatch.setattr(session_expiry, "LOOK_EVERY_S", 0.0)
        monkeypatch.setattr(session_expiry, "get_instance", lambda: None)
        monkeypatch.setattr(session_expiry, "end_expired_sessions", end)
        looking = asyncio.create_task(session_expiry.keep_ending_expired_sessions())
        await asyncio.wait_for(again.wait(), 60)
        looking.cancel()

    asyncio.run(looks())
    assert "no sessions" in caplog.text
