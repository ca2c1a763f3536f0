"""The terms that a trained network comes with, from the data that it learned from."""

from __future__ import annotations

from agemodel.core.words import listed
from agemodel.runs.config import TrainConfig

RESEARCH_ONLY = {
    "utkface": "UTKFace",
    "appa-real": "APPA-REAL",
    "all-age-faces": "All-Age-Faces",
    "images-of-groups": "Images of Groups",
}
"""Titles of the sets known to be for non-commercial research only, by name."""
_FROM_ALL_OF_THEM = "faces-192"
"""The starting weights that learned from all of `RESEARCH_ONLY`."""


def licence_of(config: TrainConfig) -> str:
    """What a model of a recipe may be used for, in a sentence or two."""
    learned = set(config.data)
    if config.pretrained == _FROM_ALL_OF_THEM:
        learned |= set(RESEARCH_ONLY)
    research = [title for name, title in RESEARCH_ONLY.items() if name in learned]
    others = [name for name in config.data if name not in RESEARCH_ONLY]
    notes = []
    if research:
        which = "which is" if len(research) == 1 else "which are"
        notes.append(
            f"Made from {listed(research)}, {which} for non-commercial research only, "
            "and to be used for that alone."
        )
    if others:
        notes.append(f"Made from {listed(others)}: the terms of those faces apply.")
    if config.start_run:
        notes.append(f"Begun from {config.start_run}: its terms apply as well.")
    return " ".join(notes)
