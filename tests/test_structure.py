"""Who may import whom, what starts light, and what may not lie in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"agemodel", "app", "pages", "tests", "ui"}
LEAVES = {
    "caps",
    "file_names",
    "errors",
    "files",
    "labels",
    "paths",
    "sealed",
    "spreadsheets",
    "tables",
}
HEAVY = {
    "evaluation",
    "explanation",
    "export",
    "face_batches",
    "network_record",
    "networks",
    "objectives",
    "pretrained",
    "training",
}
"""The modules of the package that may import TensorFlow and Keras."""

MAY_IMPORT = {
    "analysis": LEAVES | {"assets", "config", "dataset", "metrics", "runs"},
    "app_model": LEAVES | {"cards", "runs"},
    "architecture": LEAVES | {"runs"},
    "assets": LEAVES,
    "augmentation": LEAVES | {"config", "faces"},
    "cards": LEAVES | {"config", "metrics", "recipes"},
    "config": LEAVES,
    "dataset": LEAVES
    | {"app_model", "assets", "cards", "config", "faces", "images", "runs"},
    "environment": LEAVES,
    "faces": LEAVES | {"images", "assets"},
    "images": LEAVES,
    "jobs": LEAVES | {"app_model", "cards", "checkpoints", "config", "dataset", "runs"},
    "metrics": LEAVES,
    "neighbours": LEAVES | {"cards"},
    "recipe_steps": LEAVES | {"architecture", "config", "recipes", "run_comparison"},
    "recipes": LEAVES | {"config"},
    "run_comparison": LEAVES | {"config"},
    "run_splits": LEAVES | {"dataset", "runs"},
    "runs": LEAVES | {"config", "environment"},
    "strips": LEAVES | {"augmentation", "config", "faces"},
    "staging": LEAVES,
} | {leaf: {"errors", "paths"} - {leaf} for leaf in LEAVES}
"""Of the package, per module, besides itself; a module not named here stands higher."""

FIGURES_NEVER = HEAVY | {"calibration", "estimator", "faces", "cli"}
UTKFACE_NAME = re.compile(
    r"^\d{1,3}_[01](_[0-4])?_\d{8,}.*\.(jpe?g|png|webp|bmp)$", re.I
)
NOT_OURS = {".git", ".venv", ".cache", "data", "runs", "node_modules"}


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def subject(path: Path) -> str:
    """The module's name in the package: `dataset` for agemodel/dataset/index.py."""
    return path.relative_to(ROOT / "agemodel").parts[0].removesuffix(".py")


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


def subjects_imported(path: Path) -> set[str]:
    """The other modules of the package that a module of the package imports."""
    names = (name.split(".") for name in imports_of(path))
    found = {parts[1] for parts in names if parts[0] == "agemodel" and parts[1:]}
    return found - {subject(path), "__version__"}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [("agemodel", {"agemodel"}), ("ui", {"agemodel", "ui"}), ("pages", OURS - {"app"})],
)
def test_imports_point_from_app_to_pages_to_ui_to_package(
    folder: str, allowed: set[str]
) -> None:
    allowed = allowed - {"pages", "tests"}
    strays = {
        str(path): found
        for path in files(folder)
        if (found := (tops(path) & OURS) - allowed)
    }
    assert not strays


def test_router_names_its_pages_by_path_and_imports_none() -> None:
    assert tops(ROOT / "app.py") & OURS <= {"agemodel", "ui"}


def test_package_knows_no_streamlit() -> None:
    assert not [path for path in files("agemodel") if "streamlit" in tops(path)]


def test_tensorflow_stays_in_the_modules_that_train() -> None:
    heavy = {
        subject(path)
        for path in files("agemodel")
        if tops(path) & {"tensorflow", "keras"}
    }
    assert heavy <= HEAVY


def test_modules_of_the_package_import_only_what_lies_below_them() -> None:
    strays = {
        str(path): found
        for path in files("agemodel")
        if subject(path) in MAY_IMPORT
        and (found := subjects_imported(path) - MAY_IMPORT[subject(path)])
    }
    assert not strays


@pytest.mark.parametrize(
    ("module", "allowed"),
    [("metrics", {"numpy"}), ("neighbours", {"numpy", "pyarrow"})],
)
def test_modules_that_only_calculate_need_numpy_alone(
    module: str, allowed: set[str]
) -> None:
    paths = [path for path in files("agemodel") if subject(path) == module]
    needed = set().union(*map(tops, paths)) - set(sys.stdlib_module_names)
    assert needed - {"agemodel"} <= allowed
    assert paths


def test_figures_know_frames_and_run_records_but_no_models() -> None:
    paths = [path for path in files("agemodel") if subject(path) == "figures"]
    known = set().union(*map(subjects_imported, paths))
    assert not known & FIGURES_NEVER


@pytest.mark.parametrize(
    "arguments",
    [
        ["-c", "import agemodel.estimator"],
        ["-c", "import agemodel.neighbours"],
        ["-c", "import agemodel.cli"],
        ["-m", "agemodel", "--help"],
    ],
    ids=["estimator", "neighbours", "cli", "help"],
)
def test_serving_and_help_start_light(arguments: list[str]) -> None:
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
    assert not loaded & {"tensorflow", "keras", "streamlit"}


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
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert len(app) > 20
    assert app <= dev
