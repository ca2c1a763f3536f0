from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from agemodel.runs.config import TrainConfig
from agemodel.runs.run_comparison import (
    RunHistory,
    best_row,
    losses_compare,
    results_table,
    settings_table,
)
from tests.harness.made_histories import made_history

CONFIG = TrainConfig(name="one", network="seed_cnn", epochs=4)


def test_best_row_is_the_first_of_the_least_errors_on_val() -> None:
    assert best_row(made_history([9.0, 6.0, 7.0, 6.0])) == 1
    assert best_row(pd.DataFrame()) is None


def test_results_are_those_of_the_best_epoch() -> None:
    told = RunHistory(CONFIG, made_history([9.0, 6.0, 7.0], seconds=90.0))
    row = results_table({"a": told}).loc["a"]
    assert (row["epochs_done"], row["epochs"]) == (3, 4)
    assert row["minutes"] == pytest.approx(4.5)
    assert (row["best_epoch"], row["val_mae_years"]) == (2, 6.0)
    assert row["val_gender_accuracy"] == pytest.approx(0.82)


def test_run_before_its_first_epoch_has_no_results() -> None:
    row = results_table({"a": RunHistory(CONFIG, pd.DataFrame())}).loc["a"]
    assert (row["epochs_done"], row["minutes"]) == (0, 0)
    assert row["best_epoch"] is None and row["val_mae_years"] is None


def test_settings_that_differ_come_first_in_their_own_order() -> None:
    other = replace(CONFIG, seed=7, epochs=9)
    table = settings_table({"a": CONFIG, "b": other})
    assert list(table.index[:2]) == ["epochs", "seed"]
    assert list(table["differs"][:3]) == [True, True, False]
    assert set(table.index) == set(CONFIG.as_dict())
    assert table.loc["epochs", "a"] == 4 and table.loc["epochs", "b"] == 9


@pytest.mark.parametrize(
    ("change", "compare"),
    [
        ({"learning_rate": 1e-2}, True),
        ({"gender_weight": 500.0}, False),
        ({"age_target_sd_years": 3.0}, False),
        ({"network": "mobile"}, False),
        ({"data": ("utkface", "mine")}, False),
    ],
)
def test_losses_compare_where_the_same_is_minimised(
    change: dict[str, object], compare: bool
) -> None:
    configs = {"a": CONFIG, "b": replace(CONFIG, **change)}
    assert losses_compare(configs) is compare
