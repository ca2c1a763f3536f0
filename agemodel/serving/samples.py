"""The bundled sample photos, with what is known of the people in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agemodel.core import paths
from agemodel.core.checksums import read_verified
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


def read_samples() -> list[Sample]:
    """List the bundled photos, in the order of their manifest.

    Raises:
        ModelError: the manifest is missing or damaged.
    """
    manifest = json.loads(read_verified(paths.ASSETS, "samples/manifest.json"))
    return [
        Sample(
            file,
            entry["title"],
            _known(entry["people"]),
            entry["source"],
            tuple(read_known_age(person["age"]) for person in entry["people"]),
        )
        for file, entry in manifest["files"].items()
    ]


def read_sample(sample: Sample) -> bytes:
    """Read a bundled photo and check it against its checksum.

    Raises:
        ModelError: the photo is missing or damaged.
    """
    return read_verified(paths.SAMPLES, sample.file)


def _known(people: list[dict[str, Any]]) -> str:
    ages = ", ".join(f"{person['name']} {person['age']}" for person in people)
    return f"Age when the photo was taken: {ages}."
