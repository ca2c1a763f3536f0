"""Addresses of files elsewhere (`s3://`, `gs://`, `hf://`, ...), as fsspec reads them.

fsspec, and the package that it needs for a protocol, are asked for only where an
address is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from agemodel.core.errors import BulkError, ImageError
from agemodel.core.file_names import shown_name
from agemodel.images import read_stream
from agemodel.serving.uploads import Upload

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.I)
"""A protocol has two letters at least, so that `C:` is none."""


def is_url(name: str) -> bool:
    """Whether a name is an address, not a path."""
    return _ADDRESS.match(name) is not None


def open_filesystem(url: str) -> tuple[Any, str]:
    """The filesystem of an address, and the path in it.

    Raises:
        BulkError: fsspec, or what it needs for this protocol, is not installed.
    """
    try:
        import fsspec

        filesystem, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise BulkError(
            f"{shown_name(url)} cannot be reached: expected fsspec and its package for "
            f"that protocol, got '{error}'. Install them: pip install fsspec s3fs (for "
            "s3://), gcsfs (for gs://), huggingface_hub (for hf://)."
        ) from error
    return filesystem, path


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turn what goes wrong with an address in a block into a sentence.

    Raises:
        BulkError: whatever the packages of the protocols raise, most of it of their
            own kinds.
    """
    try:
        yield
    except BulkError:
        raise
    except Exception as error:  # botocore's, aiohttp's, ...: not all is an OSError
        raise BulkError(
            f"{shown_name(url)} cannot be used: expected that this account may reach "
            f"it, got '{type(error).__name__}: {error}'."
        ) from error


def photo_at_url(url: str) -> Upload:
    """The photo at an address; nothing is read yet."""

    def read() -> bytes:
        shown = shown_name(url)
        try:
            filesystem, path = open_filesystem(url)
            with reaching(url), _opened(filesystem, path) as stream:
                return read_stream(stream, shown)
        except BulkError as error:
            raise ImageError(str(error)) from error

    return Upload(url, read)


@contextmanager
def _opened(filesystem: Any, path: str) -> Iterator[BinaryIO]:
    # "none": a photo is read from its beginning to its end, so nothing is read ahead
    with filesystem.open(path, "rb", cache_type="none") as stream:
        yield stream
