from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from agemodel.core import paths
from agemodel.runs.architecture import Layer, Network, read_network
from agemodel.runs.config import TrainConfig
from agemodel.runs.recipe_steps import (
    BUILD,
    DATA,
    DESIGN,
    DISTRIBUTION,
    GROUPS,
    NUMBER,
    STEPS,
    TRAIN,
    USE,
    age_form,
    five_steps,
)
from agemodel.runs.run_folder import Run
from tests.harness.made_histories import made_history

CONFIG = TrainConfig(name="one", network="seed_cnn", epochs=4, gender_weight=500.0)
METRICS = {
    "splits": {
        "test": {
            "n": 1000,
            "mae_years": 7.464,
            "mae_years_95": [7.02, 7.93],
            "gender_accuracy": 0.875,
        }
    }
}


def network(*shapes: tuple[int, ...]) -> Network:
    """Layers in a row with these outputs, the last of which is the age."""
    names = [*(f"layer{i}" for i in range(len(shapes) - 1)), "age"]
    layers = tuple(
        Layer(name, "Dense", "", before, shape, 10, 10, {})
        for name, before, shape in zip(
            names, [(), *((name,) for name in names)], shapes, strict=False
        )
    )
    return Network("any", layers, {"age": "age"}, 10, 10, "")


def test_form_of_the_age_follows_from_the_network() -> None:
    assert age_form(network((512,), (1,))) == NUMBER
    assert age_form(network((9,), (116,))) == GROUPS
    assert age_form(network((116,), (116,))) == DISTRIBUTION
    shipped = {"mobile-3": DISTRIBUTION, "group_cnn-1": GROUPS}
    for name, form in shipped.items():
        assert age_form(read_network(Run(paths.SHIPPED_RUNS / name))) == form


def test_steps_of_a_finished_run_tell_its_files() -> None:
    told = five_steps(
        "one-1",
        CONFIG,
        faces={"train": 3600, "val": 400, "test": 1000},
        network=network((512,), (1,)),
        history=made_history([9.0, 6.0, 7.0], seconds=60.0),
        environment={"machine": "Linux", "cpus": 2, "packages": {"keras": "3.15.1"}},
        metrics=METRICS,
        exports=["small"],
    )
    assert tuple(told) == STEPS
    assert "3,600 faces to train on" in told[DATA]
    assert "2 layers, 0 of them convolutions, hold 10 parameters" in told[DESIGN]
    assert "one number, in years" in told[DESIGN]
    assert "random weights" in told[BUILD]
    assert "squared error of the age" in told[BUILD]
    assert "500 times the cross-entropy of the gender" in told[BUILD]
    assert "3 epochs are done, in 3 minutes" in told[TRAIN]
    assert "model of epoch 2 is kept" in told[TRAIN] and "6.00 years" in told[TRAIN]
    assert "Keras 3.15.1" in told[TRAIN]
    assert "1,000 test faces ages err by 7.46 years" in told[USE]
    assert "7.02 to 7.93" in told[USE] and "87.5%" in told[USE]
    assert "Exported for the app as: small" in told[USE]


def test_steps_of_a_run_that_just_began_say_what_is_not_yet() -> None:
    told = five_steps("one-1", CONFIG, history=pd.DataFrame())
    assert "not chosen yet" in told[DATA]
    assert "parameters" not in told[DESIGN]
    assert "epochs are done" not in told[TRAIN]
    assert "python -m agemodel evaluate one-1" in told[USE]
    assert "python -m agemodel export one-1 NAME" in told[USE]


def test_run_that_was_evaluated_without_a_face_of_test_is_not_sent_to_be() -> None:
    told = five_steps("one-1", CONFIG, metrics={"splits": {"val": {"n": 9}}})
    assert "without a face of test" in told[USE]
    assert "agemodel evaluate" not in told[USE]


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"dropout": 0.5}, BUILD, "50% of the features"),
        ({"weight_decay": 0.05}, BUILD, "weight decay is 0.05"),
        ({"weight_average": 0.99}, BUILD, "momentum 0.99"),
        ({"start_share": 0.5}, BUILD, "50% of each weight is what it started from"),
        ({"mixed_bfloat16": True}, TRAIN, "bfloat16"),
        ({"flip_average": True}, USE, "mirror image"),
    ],
)
def test_each_setting_is_told_where_it_is_set(
    change: dict[str, object], step: str, words: str
) -> None:
    before = replace(CONFIG, dropout=0.0, flip_average=False)
    assert words not in five_steps("one-1", before)[step]
    assert words in five_steps("one-1", replace(before, **change))[step]


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (((116,), (116,)), "a bell of 3 years around the true one"),
        (((9,), (116,)), "cross-entropy of the age groups"),
    ],
)
def test_loss_is_told_by_the_form_of_the_age(
    shapes: tuple[tuple[int, ...], ...], words: str
) -> None:
    config = replace(CONFIG, age_target_sd_years=3.0, gender_weight=1.0)
    text = five_steps("one-1", config, network=network(*shapes))[BUILD]
    assert words in text
    assert "added the cross-entropy of the gender." in text
