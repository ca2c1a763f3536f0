"""The bundled sample photos, with what is known of the people in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import ModelError
from agemodel.serving.known_ages import KnownAge, read_known_age


@dataclass(frozen=True)
class Sample:
    """A bundled photo.

    Attributes:
        file: its name.
        title: what it shows.
        known: a sentence on how old the people were.
        source: where it came from.
        ages: how old the people were, from left to right.
    """

    file: str
    title: str
    known: str
    source: str
    ages: tuple[KnownAge, ...] = ()


def read_samples(folder: Path | None = None) -> list[Sample]:
    """List the bundled photos, in the order of their manifest.

    Raises:
        ModelError: the manifest is missing or damaged.
    """
    try:
        content = (
            read_verified(paths.ASSETS, "samples/manifest.json")
            if folder is None
            else (folder / "manifest.json").read_bytes()
        )
        files = json.loads(content)["files"]
        return [
            Sample(
                file,
                entry["title"],
                _known(entry["people"]),
                entry["source"],
                tuple(read_known_age(person["age"]) for person in entry["people"]),
            )
            for file, entry in files.items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The list of sample photos cannot be read ({type(error).__name__}). "
            "Restore it from the repository: git checkout -- assets"
        ) from error


def read_sample(sample: Sample, folder: Path | None = None) -> bytes:
    """Read a bundled photo and check it against its checksum.

    Raises:
        ModelError: the photo is missing or damaged.
    """
    return read_verified(folder or paths.SAMPLES, sample.file)


def _known(people: list[dict[str, Any]]) -> str:
    ages = ", ".join(f"{person['name']} {person['age']}" for person in people)
    return f"Age when the photo was taken: {ages}."
