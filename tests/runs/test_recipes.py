from __future__ import annotations

from dataclasses import replace

import pytest

from agemodel.runs.config import CONFIGS, TrainConfig, read_config
from agemodel.runs.recipes import recipe_in_words

FACES = {"train": 17063, "val": 1898, "test": 4743}
PLAIN = TrainConfig(name="plain", network="seed_cnn", framing="chip", flip=False)


def test_a_plain_recipe_says_no_more_than_it_does() -> None:
    text = recipe_in_words(PLAIN, FACES)
    assert "17,063 faces to train on" in text
    assert "as their files show them, at 128 px." in text
    assert "varied" not in text
    assert "Rare ages" not in text
    assert "random weights" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flip": True}, "mirrored"),
        ({"jitter_turn_deg": 12.0}, "turned by up to 12°"),
        ({"erase": 0.3}, "30% partly covered"),
        ({"data": ("utkface", "appa-real", "mine")}, "UTKFace, APPA-REAL and mine: "),
        ({"age_balance": 0.25}, "share to the power of -0.25"),
        (
            {"pretrained": "faceres-deep", "frozen_blocks": 5},
            "the first 5 of 13 blocks stay",
        ),
        ({"pretrained": "faces-192", "frozen_blocks": 13}, "; all 13 blocks stay"),
        ({"epochs": 1}, " 1 epoch, "),
        ({"epochs": 2}, " 2 epochs, "),
        ({"start_run": "mobile-1"}, "best model of run `mobile-1`"),
        (
            {"start_run": "a, a,a,b"},
            "averaged weights of the best models of runs `a` (75%), `b` (25%)",
        ),
        ({"cosine": True}, "falling to zero along a cosine"),
    ],
)
def test_each_setting_has_its_words(change: dict[str, object], words: str) -> None:
    assert words in recipe_in_words(replace(PLAIN, **change), FACES)
    before = replace(PLAIN, cosine=False)
    assert words not in recipe_in_words(before, FACES)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_every_recipe_that_ships_can_be_told(path: object) -> None:
    text = recipe_in_words(read_config(str(path)), FACES)
    assert f"{read_config(str(path)).epochs} epoch" in text
