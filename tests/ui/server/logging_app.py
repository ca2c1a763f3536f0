"""Fails in every way with what its visitor brought, as a Streamlit script."""

import asyncio
import logging
import sys
import threading
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from agemodel.core.errors import ImageError  # noqa: E402
from ui.server import logs  # noqa: E402

logs.set_up()


def fail(name: str) -> None:
    pixels = name  # a local value
    try:
        raise KeyError(pixels)
    except KeyError as error:
        raise ImageError(f"{name} is no picture.") from error


async def fail_later(name: str) -> None:
    raise ValueError(name)


async def forget(name: str) -> None:
    task = asyncio.ensure_future(fail_later(name))
    await asyncio.sleep(0)
    del task


for file in st.file_uploader("Photos", accept_multiple_files=True):
    late = logging.getLogger("streamlit.of.late")  # with a handler of its own
    late.propagate = False
    late.addHandler(logging.StreamHandler())
    late.warning("Odd: %s, %d", file.name, 7)
    logging.getLogger("elsewhere").error("Failed\n" + file.name)
    logging.getLogger("elsewhere").error(ValueError(file.name))
    warnings.warn(f"Duplicate name: {file.name}", stacklevel=1)
    asyncio.run(forget(file.name))
    thread = threading.Thread(target=fail, args=(file.name,))
    thread.start()
    thread.join()
    log = logging.getLogger("ui.estimate.photo_views")
    logs.event(log, "photo refused", kind=ImageError, n=1)
    fail(file.name)
