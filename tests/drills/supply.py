"""What the app is made of: packages by their hashes, and files by theirs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from agemodel.core import paths
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.shipped import shipped_files
from requirements import licences
from requirements.audit import audit
from tests.harness.findings import Finding, all_of, no, none_of

PROMISE = """
Every package is installed by its hash, and none has a known vulnerability at release;
every file of weights and data that ships is held to a SHA-256, with its source and its
licence; our code runs nothing that it was given.
"""
LOCKS = (licences.SERVING, licences.APP, licences.TOOLS)
OURS = ("agemodel", "ui", "pages", "requirements", "docs", "app.py")
FORBIDDEN = re.compile(
    r"\b(joblib|cloudpickle|(allow_pickle|unsafe_allow_html)=True)\b"
)
"""What bandit does not look for: other picklers, and HTML of our own."""

DRAWN = {".svg", ".png"}
"""Of the app itself: its logo and its icon."""

_PIN = re.compile(r"^[a-z0-9._-]+==.*?(?=^[a-z0-9._-]+==|\Z)", re.M | re.S | re.I)


def run() -> tuple[list[Finding], list[str]]:
    """Look at the locks, the code, and all that ships; ask for advisories."""
    pins = {lock: unhashed(lock) for lock in LOCKS}
    asked = sum(len(licences.pinned(lock)) for lock in LOCKS)
    listed = [one for one in licences.pinned(licences.TOOLS) if _listed(one)]
    packages = len(licences.pinned(licences.TOOLS))
    shipped = list(files_that_ship())
    whole = sum(is_held(path) for path in shipped)
    known, amiss = audit(), bandit(OURS)
    modules = our_modules()
    return [
        none_of("Pinned packages without a hash", sum(map(len, pins.values())), asked),
        all_of("Packages listed with their licence", len(listed), packages),
        Finding(
            "Packages with a known vulnerability, by pip-audit",
            f"{len(known.vulnerable)} of {known.known}" if known.known else "not known",
            "none",
            not known.vulnerable if known.known else None,
        ),
        all_of("Shipped files as their checksum says", whole, len(shipped)),
        none_of(
            "Modules with another pickler, or HTML of their own",
            sum(bool(forbidden(path)) for path in modules),
            len(modules),
        ),
        no("Findings of bandit", len(amiss)),
    ], [known.sentence]


def unhashed(lock: Path) -> list[str]:
    """The pins of a lock that have no SHA-256."""
    pins = _PIN.findall(lock.read_text("utf-8"))
    return [pin.partition(" ")[0] for pin in pins if "--hash=sha256:" not in pin]


def files_that_ship() -> Iterator[Path]:
    """All files of data under assets/; icons are not data, and recipes are edited."""
    for path in sorted(paths.ASSETS.rglob("*")):
        inside = path.relative_to(paths.ASSETS)
        local = inside.parts[0] == "models" and inside.parts[1:2] != (DEFAULT_MODEL,)
        if path.is_file() and path.suffix not in (*DRAWN, ".toml") and not local:
            yield path


def is_held(path: Path) -> bool:
    """Whether a manifest or a model's card has the file's checksum, and it is right."""
    held = {file.path: file for file in shipped_files()}
    if path in held:
        return held[path].is_intact()
    return path.name in ("manifest.json", "card.json", "card.md")


def our_modules() -> list[Path]:
    """Every module that serves, trains or builds."""
    found = [paths.ROOT / name for name in OURS]
    return [
        path
        for place in found
        for path in ([place] if place.suffix else sorted(place.rglob("*.py")))
    ]


def forbidden(path: Path) -> list[str]:
    """What a module has of `FORBIDDEN`."""
    return [match[0] for match in FORBIDDEN.finditer(path.read_text("utf-8"))]


def bandit(places: Sequence[str | Path]) -> list[str]:
    """The names of what bandit finds amiss: `eval`, pickles, shells."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bandit", "--quiet", "--format", "json"),
            *("--configfile", "pyproject.toml", "--recursive", *map(str, places)),
        ],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [found["test_id"] for found in json.loads(done.stdout)["results"]]


def _listed(package: licences.Pinned) -> bool:
    row = f"| {package.name} | {', '.join(package.versions)} | "
    return row in licences.PAGE.read_text("utf-8")
