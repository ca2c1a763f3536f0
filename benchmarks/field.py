"""Published test figures of others beside this project's; nothing is run here.

Ours are read from the served model's card and from shipped runs, those of others from
assets/published.json.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agemodel.analysis.baselines import read_published
from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.core.json_records import values_of
from agemodel.metrics.measures import CORAL_RESTRICTED
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.card import Card
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.run_folder import Run
from benchmarks.speed_limits import at_most

PARTS = ("coral_test", "test")
"""CORAL's test faces, 21 to 60 years; this project's test faces, all ages."""

OWN_SPLIT = "split"
"""The index column of this project's split; a run of another saw other faces."""

RESTRICTED = (
    "estimates restricted to 21 to 60 years, as of those that learned from such"
)

MEASURES = ("n", "mae_years", "mae_years_95", "cs5", "gender_accuracy")


def run() -> dict[str, Any]:
    """All rows of both parts, the best first, and the served model's on other sets."""
    others = read_published()
    card = ModelFolder.named(DEFAULT_MODEL).card
    ours = {part: own_rows(card, paths.SHIPPED_RUNS, part) for part in PARTS}
    found = {
        part: sorted(ours[part] + others[part], key=lambda row: row["mae_years"])
        for part in PARTS
    }
    sets = values_of(card.sets or {})
    return {**found, "sets": sets, "limits": limits(found["coral_test"])}


def own_rows(card: Card, shipped: Path, part: str) -> list[dict[str, Any]]:
    """The served model, then every shipped run of another network.

    A part that was not evaluated, or has no estimate in years, has no row.
    """
    measured = values_of(card.metrics)
    known = {"input_px": card.input_px, "parameters": card.parameters}
    served = {"name": f"{card.name}, as served", "kind": "served", **known}
    rows = [served | _measures(measured.get(part, {}))]
    if part == "coral_test":
        name = f"{card.name}, restricted to the range"
        head = {"name": name, "kind": "restricted", "note": RESTRICTED, **known}
        rows.append(head | _measures(measured.get(CORAL_RESTRICTED, {})))
    runs = [Run(path.parent) for path in sorted(shipped.glob("*/metrics.json"))]
    for run in runs:
        config = run.read_json("config.json")
        if config["network"] != card.network:
            rows.append(_head(run, config) | _measures(_splits(run).get(part, {})))
    return [row for row in rows if "mae_years" in row]


def _head(run: Run, config: dict[str, Any]) -> dict[str, Any]:
    name = f"{config['network']}, run {run.id}"
    head = {"name": name, "kind": "own", "input_px": config["input_px"]}
    if config["split"] == OWN_SPLIT:
        return head
    return head | {"note": f"of the split '{config['split']}', so other faces"}


def _splits(run: Run) -> dict[str, Any]:
    try:
        return run.read_json("metrics.json")["splits"]
    except KeyError as error:
        raise RunError(f"metrics.json of run {run.id} has no {error}.") from error


def _measures(part: dict[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in MEASURES if part.get(name) is not None}


def limits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The served model against the best package that one could install instead."""
    best = min(row["mae_years"] for row in rows if row.get("package"))
    served = [row["mae_years"] for row in rows if row["kind"] == "served"]
    return [
        at_most("MAE as served, against the best package's, years", mae, best)
        for mae in served
    ]
