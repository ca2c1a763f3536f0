"""docs/reliability.md, made from results.json and nothing else."""

from __future__ import annotations

from typing import Any

from agemodel.core import paths
from tests.harness.measurement_tables import machine_line, table

PAGE = paths.ROOT / "docs" / "reliability.md"
DRILLS = {
    "malformed": "Files that are damaged or malformed",
    "concurrency": "Many at once",
    "memory": "Memory",
    "privacy": "Privacy",
    "damage": "Damaged and missing files of the app's own",
    "kills": "Killed in the middle of work",
    "footage_kills": "Footage: killed in the middle of work",
    "footage_hours": "Footage: memory over a day",
    "footage_privacy": "Footage: privacy",
    "disk": "A full disk, and one that cannot be written",
    "bulk": "Bulk runs",
    "surface": "Behind a proxy, in a container",
    "supply": "What it is made of",
    "restart": "Restart",
}
"""Modules of this folder, each with a `PROMISE` and a `run`, and their headings."""

HEAD = """\
# Reliability

What the app promises, and what a drill measured. Made by `make drills` from
`tests/drills/results.json`; not to be edited by hand. `make drills ARGS=privacy` runs
one again. What takes seconds is a test as well: `make test`. That archives cannot
escape, that caps hold and that names are no markup are tests alone: `tests/core`,
`tests/serving`, `tests/pages`, `tests/browser`.
"""
_VERDICTS = {True: "kept", False: "**not kept**", None: ""}


def render(results: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for name, title in DRILLS.items():
        if name in results:
            found = results[name]["found"]
            rows = [_row(finding) for finding in found["findings"]]
            parts.append(f"## {title}\n\n{found['promise']}\n")
            parts.append(table(("", "measured", "promised", ""), rows, words=4))
            parts += [f"{note}\n" for note in found.get("notes", ())]
            parts.append(machine_line(results[name]["machine"]))
    return "\n".join(parts)


def _row(finding: dict[str, Any]) -> tuple[str, str, str, str]:
    verdict = _VERDICTS[finding["kept"]]
    return finding["what"], finding["measured"], finding["promised"], verdict
