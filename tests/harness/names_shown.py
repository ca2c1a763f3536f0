"""What becomes of file names on the Estimate page, run by Streamlit's test harness."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.core.caps import caps
from agemodel.serving import Batch
from ui.estimate import photo_views

CANARY = "qzx7"
"""Ends a name, so that it can be told wherever it turns up."""

AS_TEXT = frozenset({"text", "arrow_data_frame", "dataframe"})
"""Kinds of elements in which nothing is markup."""

_PAGE = paths.ROOT / "pages" / "estimate.py"
_TIMEOUT_S = 600


def faceless_png(width: int = 320, height: int = 160) -> bytes:
    """A small photo without a face."""
    buffer = BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def page_of(files: Sequence[tuple[str, bytes]]) -> AppTest:
    """The page after files were brought, all of them on it at once."""
    with _many_at_a_time(len(files) + 1):
        batch = Batch()
        batch.add(files)
        page = AppTest.from_file(_PAGE, default_timeout=_TIMEOUT_S)
        page.session_state["estimate_batch"] = batch
        page.run()
    return page


@contextmanager
def _many_at_a_time(count: int) -> Iterator[None]:
    variable, a_page = "AGEMODEL_MAX_PHOTOS", photo_views.PHOTOS_A_PAGE
    before = os.environ.get(variable)
    os.environ[variable], photo_views.PHOTOS_A_PAGE = str(count), count
    caps.cache_clear()
    try:
        yield
    finally:
        photo_views.PHOTOS_A_PAGE = a_page
        del os.environ[variable]
        if before is not None:
            os.environ[variable] = before
        caps.cache_clear()


def kinds_that_say(page: AppTest, text: str) -> set[str]:
    """Kinds of elements that hold a text, in whatever part of them."""
    return {
        element.type
        for element in _elements(page._tree)
        if getattr(element, "proto", None) is not None
        and text.encode() in element.proto.SerializeToString()
    }


def _elements(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _elements(child)
