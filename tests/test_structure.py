"""What starts light, how modules are named, and what may not lie in the repository.

Who may import whom is held by import-linter, in `make check`: pyproject.toml.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"agemodel", "app", "pages", "tests", "ui"}
UTKFACE_NAME = re.compile(
    r"^\d{1,3}_[01](_[0-4])?_\d{8,}.*\.(jpe?g|png|webp|bmp)$", re.I
)
PORTABLE = ("bulk", "cli", "dataset", "jobs")
NOT_OURS = {".git", ".venv", ".cache", "data", "runs", "node_modules"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported anywhere below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> set[str]:
    return set(imports(ast.parse(path.read_text("utf-8"), str(path))))


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports_of(path)}


def test_router_names_its_pages_by_path_and_imports_none() -> None:
    assert tops(ROOT / "app.py") & OURS <= {"agemodel", "ui"}


def test_no_two_modules_have_the_same_name() -> None:
    names = Counter(
        path.name
        for folder in ("agemodel", "ui", "benchmarks")
        for path in files(folder)
        if not path.name.startswith("__")
    )
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("folder", ["tests/harness", "tests/drills", "benchmarks"])
def test_what_tests_share_imports_no_tests(folder: str) -> None:
    own = {"tests/harness": (), "benchmarks": ("benchmarks.",)}
    allowed = ("tests.harness.", *own.get(folder, ("tests.drills.",)))
    strays = {
        f"{path.name}: {name}"
        for path in files(folder)
        for name in imports_of(path)
        if name.startswith(("tests.", "benchmarks."))
        and (not name.startswith(allowed) or ".test_" in name)
    }
    assert strays == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "import agemodel.serving"],
        ["-c", "import agemodel.bulk"],
        ["-c", "import agemodel.models.neighbours"],
        ["-c", "import agemodel.cli"],
        ["-m", "agemodel", "--help"],
        ["-c", "from agemodel.explorer.face_table import read_faces; read_faces()"],
    ],
    ids=["serving", "bulk", "neighbours", "cli", "help", "faces"],
)
def test_serving_help_and_the_table_of_faces_start_light(arguments: list[str]) -> None:
    # -X importtime lists every module imported, one a line: "... | 123 |   name".
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.splitlines()[-1]
    names = (line.rpartition("|")[2].strip() for line in run.stderr.splitlines())
    loaded = {name.partition(".")[0] for name in names}
    assert "agemodel" in loaded
    assert not loaded & {"tensorflow", "keras", "streamlit", "plotly", "scipy"}
    if arguments == ["-c", "import agemodel.serving"]:
        assert not loaded & {"pandas", "pyarrow"}  # they take longer than all the rest


def test_no_picture_of_utkface_lies_in_the_repository() -> None:
    folders = [ROOT, *(p for p in ROOT.iterdir() if p.name not in NOT_OURS)]
    candidates = [
        path
        for folder in folders
        for path in (folder.iterdir() if folder == ROOT else folder.rglob("*"))
    ]
    assert not [path for path in candidates if UTKFACE_NAME.match(path.name)]


def test_utkface_names_are_recognised() -> None:
    assert UTKFACE_NAME.match("39_1_20170116174525125.jpg.chip.jpg")
    assert UTKFACE_NAME.match("24_0_1_20170116220224657 .jpg.chip.jpg")
    assert not UTKFACE_NAME.match("portrait_1.jpg")


def test_what_the_tests_run_on_is_what_the_app_runs_on() -> None:
    pinned = re.compile(r"^([a-z0-9._-]+==\S+)", re.M | re.I)
    app, dev = (
        set(pinned.findall((ROOT / name).read_text("utf-8")))
        for name in ("requirements/app.lock", "requirements/dev.lock")
    )
    assert len(app) > 20
    assert app <= dev


def test_everything_is_imported_where_the_modules_of_unix_are_missing() -> None:
    """As on Windows, where the libraries do without them, too."""
    names = [
        str(path.relative_to(ROOT).with_suffix("")).replace("/", ".")
        for folder in (*(f"agemodel/{name}" for name in PORTABLE), "ui")
        for path in files(folder)
        if path.name != "__init__.py"
    ]
    code = (
        "import asyncio, importlib, sys, filelock, psutil, streamlit.testing.v1\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios'):\n"
        "    sys.modules[name] = None\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
