from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from agemodel.core.errors import ConfigError
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import open_run
from agemodel.runs.variants import Variant, compare, variants_of

RECIPE = TrainConfig("small", "seed_cnn", seed=4)


def test_values_and_seeds_are_crossed_and_name_their_runs() -> None:
    settings = ["learning_rate=3e-4,6e-4", "optimizer=adam,adamw"]
    found = variants_of(RECIPE, "try", settings, seeds=2)
    assert len({one.run_id for one in found}) == len(found) == 8
    first, last = found[0], found[-1]
    assert first.run_id == "try-learning_rate_0.0003-optimizer_adam-seed_4"
    assert first.changed == "learning_rate 0.0003, optimizer adam"
    config = last.config
    assert (config.learning_rate, config.optimizer, config.seed) == (6e-4, "adamw", 5)
    assert (config.name, config.network) == ("small", "seed_cnn")
    assert variants_of(RECIPE, "try", settings, seeds=2) == found


def test_lists_numbers_and_truths_are_written_as_in_toml() -> None:
    settings = ['data=["utkface"],["utkface", "fairface"]', "flip=false", "epochs=1,1"]
    one, two = variants_of(RECIPE, "small", settings)
    assert two.config.data == ("utkface", "fairface")
    assert two.changed == "data utkface+fairface, flip False, epochs 1"
    assert one.run_id == "small-data_utkface-flip_False-epochs_1"
    assert one.config.epochs == 1 and not one.config.flip


@pytest.mark.parametrize(
    ("settings", "seeds", "said"),
    [
        (["learning_rate"], 1, "is no setting with values"),
        (["learning_rate="], 1, "is no setting with values"),
        (["colour=red"], 1, "'colour' is no setting"),
        (["epochs=many"], 1, "expected a value of type int"),
        (["learning_rate=0"], 1, "learning_rate is 0"),
        (["epochs=1", "epochs=2"], 1, "is given twice"),
        (["seed=1,2"], 2, "is given twice"),
        ([f"pretrained={'x' * 80}"], 1, "too long for a run's name"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    settings: list[str], seeds: int, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        variants_of(RECIPE, "small", settings, seeds)


def test_settings_are_compared_by_the_best_epochs_of_their_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path))
    variants = variants_of(RECIPE, "small", ["dropout=0,0.5,0.9"], seeds=2)
    for variant, maes in zip(variants, ([7, 6], [8, 9], [5, 9], [4], []), strict=False):
        write_history(variant, maes)
    # of 0.9 no epoch is done; the mean of 5 and 4 is better than that of 6 and 8
    assert list(compare(variants).items()) == [
        ("dropout 0.5", {"small-dropout_0.5-seed_4": 5, "small-dropout_0.5-seed_5": 4}),
        ("dropout 0", {"small-dropout_0-seed_4": 6, "small-dropout_0-seed_5": 8}),
    ]


def write_history(variant: Variant, maes: list[float]) -> None:
    run = open_run(variant.config, variant.run_id)
    if maes:
        epochs = range(1, len(maes) + 1)
        run.write_history(pd.DataFrame({"epoch": epochs, "val_age_mae_years": maes}))
