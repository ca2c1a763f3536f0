"""Runs side by side: their recipes and their results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from agemodel.runs.checkpoints import CHOSEN_BY
from agemodel.runs.config import TrainConfig

SELECTION_MEASURE = "val_age_mae_years"
"""The column whose lowest value makes an epoch the best one."""


@dataclass(frozen=True)
class RunHistory:
    """A run's recipe, and its history as returned by `Run.read_history`."""

    config: TrainConfig
    history: pd.DataFrame


def best_row(history: pd.DataFrame) -> int | None:
    """The row of the epoch whose model is kept: the first of the best on val."""
    name = CHOSEN_BY if CHOSEN_BY in history else SELECTION_MEASURE
    if name not in history or history[name].isna().all():
        return None
    return int(history[name].to_numpy().argmin())


def results_table(runs: Mapping[str, RunHistory]) -> pd.DataFrame:
    """The results of each run, indexed by run id.

    Returns:
        Columns `network`, `input_px`, `epochs_done`, `epochs`, `minutes`, and of the
        best epoch `best_epoch`, `val_mae_years` and `val_gender_accuracy`, which are
        empty before the first epoch.
    """
    rows = {name: _results(run) for name, run in runs.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def _results(run: RunHistory) -> dict[str, Any]:
    history, best = run.history, best_row(run.history)
    row = {} if best is None else history.iloc[best].to_dict()
    seconds = history["seconds"].sum() if "seconds" in history else 0.0
    return {
        "network": run.config.network,
        "input_px": run.config.input_px,
        "epochs_done": len(history),
        "epochs": run.config.epochs,
        "minutes": seconds / 60,
        "best_epoch": row.get("epoch"),
        "val_mae_years": row.get(SELECTION_MEASURE),
        "val_gender_accuracy": row.get("val_gender_accuracy"),
    }


def settings_table(configs: Mapping[str, TrainConfig]) -> pd.DataFrame:
    """Every setting of each recipe, those that differ first.

    Args:
        configs: recipes by run id.

    Returns:
        One row per setting, one column of plain values per run id, and last the
        column `differs`.
    """
    columns = {name: config.as_dict() for name, config in configs.items()}
    table = pd.DataFrame(columns, dtype=object)
    differs = [len(set(map(repr, row))) > 1 for row in table.to_numpy()]
    table = table.assign(differs=differs)
    return table.sort_values("differs", ascending=False, kind="stable")


def losses_compare(configs: Mapping[str, TrainConfig]) -> bool:
    """Whether the runs minimise the same loss, so that losses can be compared."""
    minimised = {
        (
            *(config.network, config.age_target_sd_years, config.age_mae_weight),
            *(config.gender_weight, config.data, config.data_weights),
        )
        for config in configs.values()
    }
    return len(minimised) <= 1
