"""Write docs/dependencies.md: every pinned package with its version and licence.

Reads what the installed packages say of themselves: a licence expression, else the
classifiers, else the free text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from agemodel.core import paths

PAGE = paths.ROOT / "docs" / "dependencies.md"
SERVING, APP, TOOLS = (
    paths.ROOT / name
    for name in (
        "requirements/serve.lock",
        "requirements/app.lock",
        "requirements/dev.lock",
    )
)
HEAD = """\
# Dependencies and their licences

What the locks pin, as the packages state it themselves. Made by `make dependencies`;
not to be edited by hand. *Not here* is what only other systems or versions of Python
install. Each is installed as it is published, by its hash; none is part of this
repository. The container holds the first list alone.
"""
UNSAID = {
    "axe-playwright-python": "MIT; the axe-core in it MPL-2.0",
    "namex": "Apache-2.0",
}
"""Of packages whose metadata say nothing: from the files they come with."""

_PINNED = re.compile(r"^([a-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\\n]*))?", re.M | re.I)
_OSI = "License :: "
_MAX_TEXT = 60


@dataclass(frozen=True)
class Pinned:
    """A package of a lock.

    Attributes:
        versions: one, or one for each range of Pythons.
        condition: under which it is installed, empty for always.
    """

    name: str
    versions: tuple[str, ...]
    condition: str = ""


def pinned(lock: Path) -> list[Pinned]:
    """The packages of a lock, in its order."""
    found: dict[str, Pinned] = {}
    for name, version, condition in _PINNED.findall(lock.read_text("utf-8")):
        before = found[name].versions if name in found else ()
        found[name] = Pinned(name, (*before, version), condition.strip())
    return list(found.values())


def licence(package: Pinned) -> str:
    """What an installed package says its licence is; empty where it is not installed.

    Raises:
        ValueError: another version is installed, or it names no licence.
    """
    try:
        found = distribution(package.name)
    except PackageNotFoundError:
        return ""
    if found.version not in package.versions:
        raise ValueError(f"{package.name} is not the pinned version: make test first.")
    said = _said(found) or UNSAID.get(package.name, "")
    if not said:
        raise ValueError(f"{package.name} names no licence: look it up.")
    return said


def render() -> str:
    """The whole page."""
    parts, before = [HEAD], set[str]()
    for title, lock in (
        ("Serving", SERVING),
        ("Fetching data and training, besides", APP),
        ("Tests and checks, besides", TOOLS),
    ):
        packages = [one for one in pinned(lock) if one.name not in before]
        before |= {one.name for one in packages}
        rows = [f"| {_row(one)} |" for one in packages]
        head = ["| package | version | licence |", "| --- | --- | --- |"]
        parts.append("\n".join([f"## {title}\n", *head, *rows]) + "\n")
    return "\n".join(parts)


def _row(package: Pinned) -> str:
    said = licence(package) or f"*Not here* ({package.condition or 'not installed'})"
    return " | ".join((package.name, ", ".join(package.versions), said))


def _said(found: Distribution) -> str:
    meta = found.metadata
    if "License-Expression" in meta:
        return meta["License-Expression"]
    names = [
        one.rpartition(" :: ")[2]
        for one in meta.get_all("Classifier", [])
        if one.startswith(_OSI) and one.count("::") > 1
    ]
    if names:
        return ", ".join(sorted(set(names)))
    lines = "".join(meta.get_all("License") or []).strip().splitlines()
    return lines[0].strip()[:_MAX_TEXT] if lines else ""


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
