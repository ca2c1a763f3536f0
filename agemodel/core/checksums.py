"""Files that hold a digest of themselves, so that damage in them is never silent.

The last entry of such a JSON file, `check`, is the SHA-256 of the file without it.
There is one way to write a value, and a file that is written otherwise is damaged. A
CSV file has its SHA-256 in a comment below its rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

CHECK = "check"
_CSV_MARK = b"# sha256 of the above: "
_DIGEST = re.compile("[0-9a-f]{64}")


def sha256_of(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def seal(values: Mapping[str, Any]) -> bytes:
    """The content of a file that holds values and their digest.

    Raises:
        TypeError: JSON knows no such value.
    """
    digest = sha256_of(_text(values))
    return _text({**values, CHECK: digest})


def unseal(content: bytes) -> dict[str, Any]:
    """The values of a file that was sealed.

    Raises:
        ValueError: it is damaged, or never was sealed.
    """
    values = parse(content)
    if values.pop(CHECK, None) is None:
        raise ValueError(f"it has no entry {CHECK!r}")
    return _held(values, content)


def unseal_if_sealed(content: bytes) -> dict[str, Any]:
    """The same, but a file without a digest is taken as it is.

    Raises:
        ValueError: it is damaged.
    """
    values = parse(content)
    if values.pop(CHECK, None) is not None:
        return _held(values, content)
    if values and _DIGEST.fullmatch(str(list(values.values())[-1])):
        raise ValueError(f"its digest is not called {CHECK!r}")
    return values


def seal_csv(content: bytes) -> bytes:
    """A CSV file with its digest in a comment at the end."""
    return content + _CSV_MARK + sha256_of(content).encode() + b"\n"


def unseal_csv_if_sealed(content: bytes) -> bytes:
    """The same without it; a file that never was sealed is taken as it is.

    Raises:
        ValueError: it is damaged.
    """
    rows, mark, _ = content.partition(_CSV_MARK)
    if mark and seal_csv(rows) != content:
        raise ValueError("it differs from its digest")
    if len({row.count(b",") for row in rows.splitlines()}) > 1:
        raise ValueError("its rows have unequal lengths")
    return rows


def parse(content: bytes) -> dict[str, Any]:
    """What a JSON file holds, its digest too, held to nothing.

    Raises:
        ValueError: it is no JSON, or no object.
    """
    values = json.loads(content.decode("utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"it is a {type(values).__name__}, not an object")
    return values


def _held(values: dict[str, Any], content: bytes) -> dict[str, Any]:
    if seal(values) != content:
        raise ValueError("it differs from its digest")
    return values


def _text(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()
