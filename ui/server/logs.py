"""The server's logs: one JSON object a line, on standard error.

    {"time": "2026-01-02T03:04:05.678Z", "level": "error", "logger": "streamlit...",
     "event": "Uncaught app execution", "errors": ["ValueError"],
     "at": ["ui/estimate/photo_views.py:77 show_photos"]}

Messages can hold what visitors brought: the name of a file, a part of a path. So of a
message only what its author wrote stays, with the numbers put in; any text put in
becomes `...`. Of an exception stay the types, its cause's too, and the lines it came
through, neither its message nor local values. `AGEMODEL_LOGS=plain` leaves all as the
libraries write it, for developing.
What an author has put together before logging it cannot be told from the rest: its
first line stays. No library used here does so with what visitors bring.

The package itself sets up nothing: whoever starts a process calls `set_up`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

SETTING = "AGEMODEL_LOGS"
PLAIN = "plain"
MAX_EVENT = 200
MAX_FRAMES = 12

_HIDDEN = "..."
_log = logging.getLogger(__name__)

Field = int | float | bool | type | None
"""What an event may tell: numbers and types. A text might be a name."""


def set_up() -> None:
    """Write all logs of this process as JSON from now on, those of libraries too.

    A second call changes nothing.
    """
    if os.environ.get(SETTING) == PLAIN:
        return
    root = logging.getLogger()
    if any(isinstance(one.formatter, JsonLines) for one in root.handlers):
        return
    root.addHandler(logging.StreamHandler())
    for name in ("agemodel", "ui"):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.setLogRecordFactory(_record)
    _dress(None, *logging.root.manager.loggerDict)
    sys.excepthook = _note_exception
    threading.excepthook = _note_thread
    warnings.showwarning = _note_warning  # type: ignore[assignment]
    event(_log, "process started", pid=os.getpid())


def event(logger: logging.Logger, what: str, **fields: Field) -> None:
    """Log that something happened.

    Args:
        logger: of the module it happened in.
        what: happened, in words that stand in the code.
        fields: numbers and types that belong to it.

    Raises:
        TypeError: a field is of another type.
    """
    for name, value in fields.items():
        if not isinstance(value, int | float | type | None):
            raise TypeError(f"{name} is no number: it might hold a visitor's text.")
    logger.info(what, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """Records as JSON, without what visitors brought."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as one line."""
        at = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _event(record),
        }
        for name, value in getattr(record, "fields", {}).items():
            entry[name] = value.__name__ if isinstance(value, type) else value
        if record.exc_info and record.exc_info[1] is not None:
            entry["errors"] = _types(record.exc_info[1])
            entry["at"] = _frames(record.exc_info[2])
        return json.dumps(entry, ensure_ascii=False)


def _event(record: logging.LogRecord) -> str:
    """The first line of what the message's author wrote."""
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    lines = record.msg.splitlines() or [""]
    return _filled(lines[0], record.args)[:MAX_EVENT]


def _filled(template: str, arguments: Any) -> str:
    if not arguments:
        return template
    try:
        if isinstance(arguments, dict):
            return template % {k: _harmless(v) for k, v in arguments.items()}
        return template % tuple(map(_harmless, arguments))
    except (TypeError, ValueError, KeyError):  # %d of what was hidden, or a line cut
        return template


def _harmless(value: object) -> object:
    return value if isinstance(value, int | float) else _HIDDEN


def _types(error: BaseException | None) -> list[str]:
    """The type of an exception, and of those that led to it."""
    names: list[str] = []
    while error is not None and len(names) < MAX_FRAMES:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names


def _frames(trace: TracebackType | None) -> list[str]:
    """The last frames of an exception's traceback, by file and function."""
    frames = traceback.extract_tb(trace)[-MAX_FRAMES:]
    return [
        f"{'/'.join(Path(frame.filename).parts[-2:])}:{frame.lineno} {frame.name}"
        for frame in frames
    ]


def _record(*arguments: Any, **others: Any) -> logging.LogRecord:
    """Make a record, and see to it that its logger's handlers write JSON.

    Libraries give loggers handlers whenever they like; this meets all of them.
    """
    record = logging.LogRecord(*arguments, **others)
    _dress(record.name)
    return record


def _dress(*names: str | None) -> None:
    for name in names:
        for handler in logging.getLogger(name).handlers:
            if not isinstance(handler.formatter, JsonLines):
                handler.setFormatter(JsonLines())


def _note_exception(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("The process ends", exc_info=(kind, error, trace))


def _note_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        error = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        _log.error("A thread ends", exc_info=error)


def _note_warning(
    _message: Warning | str,
    category: type[Warning],
    _filename: str,
    lineno: int,
    *_: Any,
) -> None:
    extra = {"fields": {"kind": category, "line": lineno}}
    _log.warning("A library warns", extra=extra)
