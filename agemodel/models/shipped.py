"""What ships and what runs: files with source, licence and checksum, and versions."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

from agemodel import __version__
from agemodel.core import paths
from agemodel.core.checksums import MANIFEST, parse, read_manifest, sha256_of
from agemodel.core.errors import ModelError
from agemodel.runs.environment import installed_version

CARD = "card.json"
_REQUIREMENTS = tuple(f"requirements/{part}.txt" for part in ("core", "app", "train"))
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*", re.M)


@dataclass(frozen=True)
class ShippedFile:
    """A file of `assets/` whose checksum is written down, with source and licence."""

    path: Path
    sha256: str
    source: str
    licence: str

    @property
    def name(self) -> str:
        """Its path below `assets/`."""
        return self.path.relative_to(paths.ASSETS).as_posix()

    def is_intact(self) -> bool:
        """Whether it is there and its bytes are those of the checksum."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return False
        return sha256_of(content) == self.sha256


def shipped_files() -> list[ShippedFile]:
    """Every file that a manifest or a model's card of `assets/` names, by its path.

    Raises:
        ModelError: a manifest or card cannot be read.
    """
    found = []
    cards = paths.ASSETS.glob(f"models/*/{CARD}")
    for path in (*paths.ASSETS.rglob(MANIFEST), *cards):
        try:
            found += _of_card(path) if path.name == CARD else _of_manifest(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            name = path.relative_to(paths.ASSETS).as_posix()
            raise ModelError(
                f"assets/{name} cannot be read ({type(error).__name__}). Restore it: "
                "git checkout -- assets"
            ) from error
    return sorted(found, key=lambda file: file.name)


def _of_manifest(path: Path) -> list[ShippedFile]:
    return [
        ShippedFile(
            path.parent / name, entry["sha256"], entry["source"], entry["licence"]
        )
        for name, entry in read_manifest(path.parent).items()
    ]


def _of_card(path: Path) -> list[ShippedFile]:
    card = parse(path.read_bytes())
    terms = f"run {card['run']}", card["licence"]
    return [
        ShippedFile(path.parent / entry["file"], entry["sha256"], *terms)
        for entry in (card, card.get("faces_file"))
        if entry is not None
    ]


def installed_versions() -> dict[str, str]:
    """Versions of this project, of Python and of what its requirements ask for."""
    files = [paths.ROOT / name for name in _REQUIREMENTS]
    texts = [file.read_text("utf-8") for file in files if file.exists()]
    names = [name for text in texts for name in _NAME.findall(text)]
    found = {"agemodel": __version__, "Python": platform.python_version()}
    return found | {name: installed_version(name) or "not installed" for name in names}


CITATION_OF_DATA = """\
@inproceedings{zhang2017age,
  title     = {Age Progression/Regression by Conditional Adversarial Autoencoder},
  author    = {Zhang, Zhifei and Song, Yang and Qi, Hairong},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition (CVPR)},
  year      = {2017}
}
"""
"""Of UTKFace; its authors ask for this paper to be cited."""


def citation_of_project() -> str:
    """Of this project, with its version, as BibTeX."""
    return f"""\
@software{{apparent_age,
  title   = {{Apparent Age: ages and gender labels of faces, with their errors}},
  version = {{{__version__}}},
  note    = {{Trained and evaluated on UTKFace}}
}}
"""
