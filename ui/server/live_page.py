"""The page of the live camera, which is our own: plain HTML with its script.

Streamlit's components would need scripts and frames that the proxy's policy forbids.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from agemodel.core import paths

PATH = "/live"

_FOLDER = Path(__file__).with_name("live_files")
_MEDIA = Path(streamlit.__file__).parent / "static" / "static" / "media"
_FILES = {
    PATH: _FOLDER / "live.html",
    f"{PATH}/live.js": _FOLDER / "live.js",
    f"{PATH}/live_faces.js": _FOLDER / "live_faces.js",
    f"{PATH}/theme.js": _FOLDER / "theme.js",
    f"{PATH}/live.css": _FOLDER / "live.css",
    f"{PATH}/logo.svg": paths.ASSETS / "logo.svg",
    f"{PATH}/icon.png": paths.ASSETS / "icon.png",
    # The other pages' font; the name of Streamlit's file holds a hash.
    **{f"{PATH}/font.woff2": path for path in _MEDIA.glob("SourceSansVF-Upright*")},
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[Route]:
    """The addresses of the page and its files, for `st.App`."""
    return [Route(path, _answering(file)) for path, file in _FILES.items()]


def _answering(file: Path) -> Callable[[Request], FileResponse]:
    return lambda _request: FileResponse(file, headers=_HEADERS)
