"""The app as the image of deploy/app.Dockerfile has it, set up by plain commands.

No container engine is needed, nor emulated: a virtual environment takes the base
image's place, and the user without rights runs on files that are not his. What
compose.yaml adds (read-only root, limits, networks) is read in test_container.py.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from agemodel.core import paths
from agemodel.models.app_model import DEFAULT_MODEL
from tests.harness.driver import Server, free_port, run_command
from tests.harness.measurements import Missing

DEPLOY = paths.ROOT / "deploy"
DOCKERFILE = DEPLOY / "app.Dockerfile"
COMPOSE = DEPLOY / "compose.yaml"
ADDRESS, VENV = "0.0.0.0", "/venv/"


def instructions(word: str) -> list[str]:
    """What follows each `COPY`, `ENV`, ... of the Dockerfile, a line each."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE)
    return re.findall(rf"^\s*{word} +(.+)$", text.replace("\\\n", " "), re.MULTILINE)


def copied() -> list[str]:
    """The paths in the project that the Dockerfile copies."""
    copies = [rest.split()[0] for rest in instructions("COPY")]
    return [source for source in copies if not source.startswith("--")]


def service(name: str) -> dict[str, Any]:
    """One service of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"][name]
    return found


@contextmanager
def run_image(folder: Path) -> Iterator[Server]:
    """Follow the Dockerfile's steps, then run its CMD until the block ends.

    Only the address is another: 127.0.0.1, and a free port. The folder is an empty one
    of root's, so that the image's user cannot write to it.
    """
    if os.geteuid() != 0:
        raise Missing("Running the app as the image's user takes root.")
    folder.chmod(0o755)
    _install(folder / "venv")
    _copy(folder / "app")
    port, home = free_port(), folder / "home"
    (uid,) = {int(number) for number in instructions("USER")[-1].split(":")}
    home.mkdir()
    os.chown(home, uid, uid)
    (line,) = instructions("CMD")[-1:]
    command = [
        part.replace(ADDRESS, "127.0.0.1").replace(VENV, f"{folder}{VENV}")
        for part in json.loads(line)
    ]
    command.append(f"--server.port={port}")
    pairs = (pair for rest in instructions("ENV") for pair in shlex.split(rest))
    given = dict(pair.split("=", 1) for pair in pairs)
    environment = {"PATH": os.environ["PATH"], **given, "HOME": str(home)}
    log = folder / "app.log"
    with run_command(command, port, folder / "app", environment, log, uid) as server:
        yield server


def _install(venv: Path) -> None:
    """The packages of serve.lock by their hashes, in an environment of their own."""
    python, lock = venv / "bin" / "python", paths.ROOT / "requirements" / "serve.lock"
    subprocess.run([_python(), "-m", "venv", "--without-pip", venv], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(lock)], check=True)


def _python() -> str:
    """A Python of this version that other users may run as well."""
    if all(folder.stat().st_mode & 0o001 for folder in Path(sys.base_prefix).parents):
        return sys.executable
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = shutil.which(name, path="/usr/local/bin:/usr/bin")
    if found is None:
        raise Missing(f"The image's user may not run Python in {sys.base_prefix}.")
    return found


def _copy(target: Path) -> None:
    """What the Dockerfile copies of the project, without what .dockerignore names."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        models = Path(folder) == paths.ASSETS / "models"
        return {
            name
            for name in names
            if name == "__pycache__" or (models and name != DEFAULT_MODEL)
        }

    target.mkdir()
    for name in copied():
        if name == "requirements/serve.lock":
            continue
        source = paths.ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        else:
            shutil.copy2(source, target / name)
