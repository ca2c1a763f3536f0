"""The package as it is installed: built from the sources, used far from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import agemodel
from agemodel.core import paths

SOURCES = ("agemodel", "assets", "requirements", ".streamlit")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
LEFT_OUT = shutil.ignore_patterns("__pycache__")
SAMPLE = paths.SAMPLES / "joe-biden.jpg"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed wheel, and nothing else of the project."""
    folder = tmp_path_factory.mktemp("package")
    for name in SOURCES:
        shutil.copytree(paths.ROOT / name, folder / "src" / name, ignore=LEFT_OUT)
    for name in FILES:
        shutil.copy(paths.ROOT / name, folder / "src" / name)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    wheels, target = folder / "wheels", folder / "installed"
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels))
    subprocess.run([*pip, *build, str(folder / "src")], check=True)
    (wheel,) = wheels.iterdir()
    place = ("install", "--no-deps", "--target", str(target), str(wheel))
    subprocess.run([*pip, *place], check=True)
    return target


def test_installed_command_estimates_as_the_checkout_does(
    installed: Path, tmp_path: Path
) -> None:
    from_checkout = _run(paths.ROOT, tmp_path, sys.executable, "-m", "agemodel")
    command = installed / "bin" / "agemodel"
    assert _run(installed, tmp_path, sys.executable, str(command)) == from_checkout
    assert json.loads(from_checkout)["faces"]


def test_installed_package_finds_nothing_missing_and_keeps_data_in_the_current_folder(
    installed: Path, tmp_path: Path
) -> None:
    done = _process(installed, tmp_path, sys.executable, "-m", "agemodel", "doctor")
    assert done.returncode == 0, done.stdout
    assert str(tmp_path / "data") in done.stdout


def test_extras_are_the_requirement_files_and_the_version_is_the_packages(
    installed: Path,
) -> None:
    (found,) = metadata.distributions(name="agemodel", path=[str(installed)])
    assert found.version == agemodel.__version__
    asked = [Requirement(one) for one in found.requires or []]
    core = {one.name for one in asked if one.marker is None}
    assert core == _names("core")
    for extra in ("app", "train", "ray"):
        ours = {
            one.name
            for one in asked
            if one.marker is not None and one.marker.evaluate({"extra": extra})
        }
        assert ours >= _names(extra)


def _names(part: str) -> set[str]:
    lines = (paths.ROOT / "requirements" / f"{part}.txt").read_text("utf-8")
    return {Requirement(line).name for line in lines.splitlines() if line[:1].isalpha()}


def _run(package: Path, folder: Path, *command: str) -> str:
    done = _process(package, folder, *command, "predict", "--json", str(SAMPLE))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _process(
    package: Path, folder: Path, *command: str
) -> subprocess.CompletedProcess[str]:
    own = ("AGEMODEL_DATA", "AGEMODEL_RUNS", "AGEMODEL_MODELS")
    env = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        command,
        cwd=folder,
        env=env | {"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )
