"""Find a Chromium for the tests, or see to one: prints the path of its program.

Looks at the variable CHROMIUM and at what the system has; else installs Debian's
package where that is allowed without a password; else downloads Playwright's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "The browser tests need Chromium: none was found, and neither Debian's package nor "
    "Playwright's download could be installed. Install Chromium or Google Chrome, or "
    "set CHROMIUM to the path of one."
)


def find() -> str | None:
    """The path of a Chromium that starts, or None."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[str]:
    if chosen := os.environ.get("CHROMIUM"):
        yield chosen
    yield from filter(None, map(shutil.which, NAMES))
    yield from MAC_APPS
    yield from _playwright_path()


def _playwright_path() -> Iterator[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.executable_path


def _starts(path: str) -> bool:
    """Whether it runs; Ubuntu's `chromium-browser` without snap only says sorry."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _install_debian_package() -> None:
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (as_root and not shutil.which("sudo")):
        return
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    if _run([*apt, "update"]):
        _run([*apt, "install", "-y", "--no-install-recommends", "chromium"])


def _install_with_playwright() -> None:
    _run([sys.executable, "-m", "playwright", "install", "chromium"])


def _run(command: list[str]) -> bool:
    """Run a command with its output on standard error; whether it succeeded."""
    print("+", *command, file=sys.stderr)
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0


def main() -> int:
    for install in (_install_debian_package, _install_with_playwright):
        if path := find():
            break
        install()
    else:
        path = find()
    print(path or MISSING, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
