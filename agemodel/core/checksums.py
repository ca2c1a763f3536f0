"""Checksums of files, so that damage in them is never silent.

A sealed JSON file ends with an entry `check`, the SHA-256 of the file without it. There
is one way to write a value, and a file that is written otherwise is damaged. A sealed
CSV file has its SHA-256 in a comment below its rows.

A folder of files that ship has a `manifest.json` of the form
`{"files": {NAME: {"sha256": ..., "source": ..., "licence": ...}}}`. LiteRT runs many
damaged files without an error, so only the checksum shows the damage.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agemodel.core.errors import ModelError
from agemodel.core.files import write_whole

CHECK = "check"
MANIFEST = "manifest.json"
_CSV_MARK = b"# sha256 of the above: "
_DIGEST = re.compile("[0-9a-f]{64}")


def sha256_of(content: bytes) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """What the manifest of a folder says of each file, by the file's name.

    Raises:
        OSError: the manifest cannot be read.
        ValueError: it is damaged.
    """
    files: Any = parse((folder / MANIFEST).read_bytes()).get("files")
    entries = files.values() if isinstance(files, dict) else [files]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("it does not list files")
    return dict(files)


def write_manifest(folder: Path, files: Mapping[str, Mapping[str, Any]]) -> None:
    """Write what `read_manifest` returns."""
    write_whole(folder / MANIFEST, _text({"files": files}))


def read_verified(folder: Path, file: str) -> bytes:
    """Read a shipped file and check it against the SHA-256 in its folder's manifest.

    Raises:
        ModelError: the manifest or file is missing, or the checksum differs.
    """
    try:
        expected = read_manifest(folder)[file]["sha256"]
        content = (folder / file).read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{file} cannot be read from {folder.name}/ ({type(error).__name__}). "
            "Restore the folder from the repository: git checkout -- assets"
        ) from error
    if sha256_of(content) != expected:
        raise ModelError(
            f"{file} differs from the checksum in {folder.name}/{MANIFEST}: it is "
            "damaged or was replaced. Restore it: git checkout -- assets"
        )
    return content


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
