"""The address /ready, which says whether the app can estimate photos.

200 with `{"ready": true, "problems": []}`, or 503 with the problems, each a sentence or
two that say how to repair it. `/_stcore/health` knows only that the server runs.
"""

from __future__ import annotations

import threading
import time

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agemodel.cli import doctor
from agemodel.core.errors import AgeModelError
from ui import served_model

PATH = "/ready"
FRESH_S = 2.0
"""How long an answer is given again, however often it is asked for."""

_looking = threading.Lock()
_last: tuple[float, list[str]] = (-FRESH_S, [])


def route() -> Route:
    """The address, for `st.App`."""
    return Route(PATH, _answer, methods=["GET"])


def problems() -> list[str]:
    """Why photos cannot be estimated; empty where they can.

    The model is loaded by then, and the files are still what their checksums say.
    """
    global _last
    with _looking:
        looked_at, found = _last
        if time.monotonic() - looked_at >= FRESH_S:
            found = doctor.unready() or _loading()
            _last = time.monotonic(), found
        return found


def _loading() -> list[str]:
    try:
        served_model.estimator().check()
    except AgeModelError as error:
        return [str(error)]
    return []


def _answer(_request: Request) -> JSONResponse:
    found = problems()
    return JSONResponse(
        {"ready": not found, "problems": found},
        status_code=503 if found else 200,
        headers={"Cache-Control": "no-store"},
    )
