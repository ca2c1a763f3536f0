"""What axe-core finds on a page that bars people: WCAG 2, levels A and AA."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}
_CHARACTERS = 160


def violations(page: Page) -> list[str]:
    """What is amiss on a page as it stands now: rule, element and how to mend it."""
    found = Axe().run(page, options=_OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:_CHARACTERS]}: {_remedy(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def _remedy(node: dict[str, Any]) -> str:
    return " ".join(node["failureSummary"].split())[: 2 * _CHARACTERS]
