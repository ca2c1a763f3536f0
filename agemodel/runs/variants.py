"""The variants of a recipe that a sweep trains, each as a run of its own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

from agemodel.core.errors import ConfigError, RunError
from agemodel.runs.config import TrainConfig, config_from
from agemodel.runs.run_comparison import SELECTION_MEASURE, best_row
from agemodel.runs.run_folder import find_run

_LONGEST_ID = 81
_STRANGE = re.compile(r"[^A-Za-z0-9.]+")


@dataclass(frozen=True)
class Variant:
    """A recipe with some of its settings changed.

    Attributes:
        run_id: the name of its run, the same at every sweep.
        config: the recipe.
        changed: the settings that a sweep tries, as 'learning_rate 0.0003'; the same
            for all seeds.
    """

    run_id: str
    config: TrainConfig
    changed: str


def variants_of(
    config: TrainConfig, name: str, settings: Sequence[str], seeds: int = 1
) -> list[Variant]:
    """Every combination of the settings' values, with so many seeds each.

    Args:
        config: the recipe.
        name: with which the runs' names begin.
        settings: each as 'learning_rate=3e-4,6e-4'; values are written as in TOML, but
            texts need no quotes.
        seeds: how many, from the recipe's on.

    Raises:
        ConfigError: a setting or a value is none, or a name would be too long.
    """
    tried = dict(map(_read_setting, settings))
    if len(tried) < len(settings) or ("seed" in tried and seeds > 1):
        raise ConfigError("A setting is given twice: give all its values at once.")
    numbers = range(config.seed, config.seed + seeds)
    found = {}
    for values in product(*tried.values()):
        changes = dict(zip(tried, values, strict=True))
        for seed in numbers:
            given = config.as_dict() | {"seed": seed} | changes
            of_seed = {"seed": seed} if seeds > 1 else {}
            run_id = _run_id(name, changes | of_seed)
            words = ", ".join(f"{key} {_text(value)}" for key, value in changes.items())
            found[run_id] = Variant(run_id, config_from(given), words)
    return list(found.values())


def compare(variants: Sequence[Variant]) -> dict[str, dict[str, float]]:
    """The settings of variants that have finished an epoch, the best first.

    Returns:
        By what a sweep changed, the val MAE of each run's best epoch, years, by run id.
    """
    found: dict[str, dict[str, float]] = {}
    for variant in variants:
        with suppress(RunError):
            history = find_run(variant.run_id).read_history()
            if (best := best_row(history)) is not None:
                mae = float(history[SELECTION_MEASURE].iloc[best])
                found.setdefault(variant.changed, {})[variant.run_id] = mae
    return dict(sorted(found.items(), key=lambda one: fmean(one[1].values())))


def _read_setting(given: str) -> tuple[str, list[Any]]:
    name, _, values = given.partition("=")
    if not values:
        raise ConfigError(
            f"{given!r} is no setting with values: expected such as "
            "learning_rate=3e-4,6e-4"
        )
    try:
        return name, list(tomllib.loads(f"values = [{values}]")["values"])
    except tomllib.TOMLDecodeError:
        return name, values.split(",")


def _run_id(name: str, changes: Mapping[str, Any]) -> str:
    parts = [f"{key}-{_text(value)}" for key, value in changes.items()]
    run_id = "-".join([name, *(_STRANGE.sub("_", part) for part in parts)])
    if len(run_id) > _LONGEST_ID:
        raise ConfigError(
            f"{run_id} is too long for a run's name: expected {_LONGEST_ID} characters "
            f"at most, got {len(run_id)}. Choose a shorter --name."
        )
    return run_id


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
