"""results.json: what was measured, where and when, a section a benchmark."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from agemodel.core import paths
from agemodel.core.files import write_whole
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.environment import describe_environment

RESULTS = paths.ROOT / "benchmarks" / "results.json"
_SERVING = ("ai-edge-litert", "numpy", "opencv-python-headless", "pillow", "streamlit")


class Missing(Exception):
    """Something that a benchmark needs is not here; the sentence says what."""


def read_results(path: Path = RESULTS) -> dict[str, Any]:
    """All sections measured so far; none is an empty dict."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write_results(results: dict[str, Any], path: Path = RESULTS) -> None:
    """Write all sections, whole or not at all."""
    text = json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_whole(path, text.encode())


def merge(
    results: dict[str, Any], name: str, machine: dict[str, Any], found: dict[str, Any]
) -> dict[str, Any]:
    """The results with one section renewed; the others stay as they were."""
    return {**results, name: {"machine": machine, "found": found}}


def describe_machine() -> dict[str, Any]:
    """Machine, versions, commit, date, model, and how busy the machine was."""
    known = describe_environment()
    return {
        "date": known["started"],
        "commit": known["commit"],
        "system": known["machine"],
        "processor": _processor(),
        "cores": known["cpus"],
        "load_before": round(os.getloadavg()[0], 2),
        "python": known["python"],
        "packages": {name: metadata.version(name) for name in _SERVING},
        "model": describe_model(),
    }


def describe_model() -> dict[str, Any]:
    """Which model the app serves."""
    card = ModelFolder.named(DEFAULT_MODEL).card
    names = ("name", "run", "sha256", "bytes", "parameters", "input_px", "flip_average")
    return {name: getattr(card, name) for name in names}


def _processor() -> str:
    """The processor's name as its system gives it."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()
