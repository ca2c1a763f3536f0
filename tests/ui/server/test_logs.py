from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.driver import run_server
from tests.harness.visitor import Visitor
from ui.server import logs
from ui.server.logs import JsonLines, event

CANARY = "canary-7f3a.jpg"
APP = Path(__file__).with_name("logging_app.py")
ROOT = APP.parents[3]


def line_of(message: object, *arguments: Any) -> dict[str, Any]:
    record = logging.LogRecord("x", 20, "x.py", 1, message, arguments, None)
    return json.loads(JsonLines().format(record))


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a server said of an upload that failed in every way."""
    with run_server(tmp_path_factory.mktemp("home"), APP) as server:
        with Visitor(server.url) as visitor:
            drawn = visitor.upload(visitor.open(), CANARY, b"no picture")
        assert drawn.failed
        return server.log.read_text("utf-8")


def test_name_of_an_upload_is_nowhere_in_the_log(told: str) -> None:
    assert "canary" not in told.lower()
    assert "Traceback" not in told


def test_every_failure_is_a_json_object_with_its_types_and_place(told: str) -> None:
    lines = json_lines(told)
    events = {line["event"]: line for line in lines}
    page = events["Uncaught app execution"]
    assert page["level"] == "error"
    assert page["errors"] == ["ImageError", "KeyError"]
    assert page["at"][-1].startswith("server/logging_app.py:")
    assert page["at"][-1].endswith(" fail")
    assert events["A thread ends"]["errors"] == ["ImageError", "KeyError"]
    assert events["A library warns"]["kind"] == "UserWarning"
    assert events["Task exception was never retrieved"]["errors"] == ["ValueError"]
    assert (
        events["photo refused"] | {"kind": "ImageError", "n": 1}
        == (events["photo refused"])
    )
    assert events["Odd: ..., 7"]["logger"] == "streamlit.of.late"


def test_all_that_is_said_of_visits_is_json(told: str) -> None:
    # Before the first visit this script has set up nothing: Streamlit's greeting.
    visits = told[told.index("{") :].splitlines()
    assert len(visits) >= 7
    assert [line for line in visits if not line.startswith('{"time": "')] == []


def test_app_logs_in_json_and_no_name_of_what_it_could_not_read(
    tmp_path: Path,
) -> None:
    with run_server(tmp_path) as server:
        with Visitor(server.url) as visitor:
            drawn = visitor.upload(visitor.open(), CANARY, b"no picture")
            assert not drawn.failed
            archive = visitor.upload(drawn, "canary.zip", b"PK\x03\x04 no archive")
            assert not archive.failed
        text = server.log.read_text("utf-8")
    assert "canary" not in text.lower()
    events = {line["event"] for line in json_lines(text)}
    assert "process started" in events


def test_process_that_ends_by_an_error_says_so_without_its_message() -> None:
    code = f"from ui.server import logs; logs.set_up(); raise ValueError({CANARY!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    line = json_lines(done.stderr)[-1]
    assert line["errors"] == ["ValueError"]
    assert CANARY not in done.stderr


def test_plain_logs_are_left_alone() -> None:
    code = "from ui.server import logs; logs.set_up(); raise ValueError('x')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {logs.SETTING: logs.PLAIN},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr


def test_of_a_message_stay_the_authors_words_and_numbers() -> None:
    assert line_of("read %s in %.1f s", CANARY, 1.25)["event"] == "read ... in 1.2 s"
    assert line_of("%d of %s", "a", "b")["event"] == "%d of %s"
    assert line_of("100 % sure")["event"] == "100 % sure"
    assert line_of("first\nsecond")["event"] == "first"
    assert line_of("%(a)s, %(b)d", {"a": CANARY, "b": 2})["event"] == "..., 2"
    assert line_of(ValueError(CANARY))["event"] == "ValueError"
    assert len(line_of("x" * 10_000)["event"]) == 200


def test_time_is_utc_with_milliseconds() -> None:
    record = logging.LogRecord("x", 20, "x.py", 1, "x", (), None)
    record.created = 1_000_000_000.25  # 2001-09-09T01:46:40Z and a quarter
    line = json.loads(JsonLines().format(record))
    assert line["time"] == "2001-09-09T01:46:40.250Z"


def test_event_takes_no_text() -> None:
    with pytest.raises(TypeError, match="file is no number"):
        event(logging.getLogger("x"), "photo refused", file=CANARY)  # type: ignore[arg-type]
