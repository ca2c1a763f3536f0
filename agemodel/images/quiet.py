"""Silences what Pillow and libtiff print about damaged files.

Damaged files make them talk on standard error, a TIFF a line for each of its rows; what
there is to say to the person stands in an `ImageError` or a note.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import warnings
from pathlib import Path

import PIL

_LIBTIFF = ("../pillow.libs/libtiff*.so*", ".dylibs/libtiff*.dylib")
"""Where Pillow's wheels keep it, for Linux and for macOS."""


def quiet_pillow() -> None:
    """Drop Pillow's warnings, and its log where no logging is set up.

    Filters are global and not safe to change in threads: this is for imports.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())


@functools.cache
def quiet_libtiff() -> None:
    """Drop what libtiff prints of damaged files; its failures are raised all the same.

    Only for the libtiff that comes with Pillow's wheel.
    """
    folder = Path(PIL.__file__).parent
    for library in [path for where in _LIBTIFF for path in folder.glob(where)]:
        ctypes.CDLL(str(library)).TIFFSetErrorHandler(None)
