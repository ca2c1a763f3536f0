"""Ask whether a pinned package has a known vulnerability: `make audit`.

The service may be out of reach; that is said and is no failure. What pip-audit could
not look up does not count as clean.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

from agemodel.core import paths

LOCK = paths.ROOT / "requirements/dev.lock"
TIMEOUT_S = 300


@dataclass(frozen=True)
class Audit:
    """What the service knew.

    Attributes:
        asked: packages it was asked about.
        known: those that it knew; none where it could not be reached.
        vulnerable: "NAME VERSION: IDS" of those with a known vulnerability.
    """

    asked: int
    known: int
    vulnerable: list[str]

    @property
    def sentence(self) -> str:
        """What came of it."""
        if not self.known:
            return (
                f"The advisories for {self.asked} packages could not be had: the "
                "service is out of reach. Run `make audit` where it is."
            )
        if self.vulnerable:
            return "Known vulnerabilities: " + "; ".join(self.vulnerable)
        unknown = self.asked - self.known
        rest = f"; {unknown} could not be looked up" if unknown else ""
        return f"No known vulnerability in {self.known} packages{rest}."


def audit() -> Audit:
    """Look up every package of the lock."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--format",
        "json",
        "--progress-spinner",
    ]
    options = ["off", "--disable-pip", "--require-hashes", "--requirement", str(LOCK)]
    try:
        done = subprocess.run(
            command + options,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return read("")
    return read(done.stdout)


def read(said: str) -> Audit:
    """What pip-audit's JSON tells; nothing was known where it ended without any."""
    try:
        found = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit(LOCK.read_text("utf-8").count("=="), 0, [])
    known = [one for one in found if "vulns" in one]
    vulnerable = [
        f"{one['name']} {one['version']}: {', '.join(v['id'] for v in one['vulns'])}"
        for one in known
        if one["vulns"]
    ]
    return Audit(len(found), len(known), vulnerable)


def main() -> int:
    """Print what came of it; 1 where a vulnerability is known."""
    found = audit()
    print(found.sentence)
    return 1 if found.vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
