"""The command `doctor`, which checks the installation."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from agemodel.cli.exit_codes import DONE, FAILED


def add_commands(commands: Any) -> None:
    """Add `doctor` to the parser."""
    parser = commands.add_parser(
        "doctor", help="look whether everything is there and sound"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_doctor)


def _doctor(args: argparse.Namespace) -> int:
    from agemodel.cli.doctor import BAD, examine

    checks = []
    for check in examine():
        checks.append(check)
        if not args.json:
            print(f"{check.level:<5} {check.subject}: {check.text}", flush=True)
    bad = sum(check.level == BAD for check in checks)
    if args.json:
        found = {"sound": not bad, "checks": [asdict(check) for check in checks]}
        print(json.dumps(found, indent=1, ensure_ascii=False))
    elif bad:
        print(f"{bad} of {len(checks)} are to be mended.")
    return FAILED if bad else DONE
