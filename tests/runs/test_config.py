from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from agemodel.core.errors import ConfigError
from agemodel.runs.config import (
    CONFIGS,
    TrainConfig,
    config_from,
    read_config,
    read_purpose,
    setting_meanings,
)

SMALLEST = {"name": "x", "network": "mobile"}


def test_smallest_recipe_has_the_defaults() -> None:
    config = config_from(SMALLEST)
    assert config == TrainConfig("x", "mobile")
    assert (config.framing, config.input_px, config.flip) == ("detector", 128, True)


def test_recipe_survives_json() -> None:
    config = TrainConfig("x", "mobile", share=0.5, epochs=3, flip=False)
    assert config_from(json.loads(json.dumps(config.as_dict()))) == config


def test_recipe_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nnetwork = "mobile"\nepochs = 3\ndropout = 0.5\n')
    expected = TrainConfig("mine", "mobile", epochs=3, dropout=0.5)
    assert read_config(path) == read_config(str(path)) == expected
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as Notepad saves it
    assert read_config(path) == expected


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_recipe_is_read_by_its_name_and_says_what_it_is_for(
    path: Path,
) -> None:
    assert read_config(path.stem).name == path.stem
    assert read_purpose(path.stem).endswith(".")


def test_purpose_is_the_comment_above_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('# To try\n# it.\nname = "mine"\n# more\nnetwork = "mobile"\n')
    assert read_purpose(path) == "To try it."
    path.write_text('name = "mine"\nnetwork = "mobile"\n')
    assert read_purpose(path) == ""


def test_whole_number_will_do_for_a_fraction() -> None:
    assert config_from(SMALLEST | {"learning_rate": 1}).learning_rate == 1


def test_missing_file_names_the_recipes_that_there_are(tmp_path: Path) -> None:
    for source in ("nothing", tmp_path / "nothing.toml"):
        with pytest.raises(ConfigError, match=r"no configuration.*mobile, .*seed_cnn"):
            read_config(source)


@pytest.mark.parametrize("content", [b"name =", b"\xff\xfe", b"[name"])
def test_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"mine\.toml is not TOML"):
        read_config(path)


def test_unknown_setting_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ConfigError, match=r"'epoch' is no setting.*epochs, batch_size"):
        config_from(SMALLEST | {"epoch": 3})


@pytest.mark.parametrize("values", [{}, {"name": "x"}, {"network": "mobile"}])
def test_recipe_needs_name_and_network(values: dict) -> None:
    with pytest.raises(ConfigError, match="at least name and network"):
        config_from(values)


@pytest.mark.parametrize(
    ("setting", "value", "kind"),
    [
        ("epochs", 2.5, "int"),
        ("epochs", "3", "int"),
        ("epochs", True, "int"),
        ("share", True, "float"),
        ("share", "all", "float"),
        ("flip", 1, "bool"),
        ("name", 7, "str"),
        ("share", None, "float"),
        ("seed", [1], "int"),
    ],
)
def test_value_of_another_type_is_refused(
    setting: str, value: object, kind: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{setting} is .*of type {kind}\.$"):
        config_from(SMALLEST | {setting: value})


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("framing", "whole", "detector, chip"),
        ("split", "test", "split, seed"),
        ("optimizer", "sgd", "adamw, adam"),
        ("input_px", 0, "a number above 0"),
        ("epochs", -1, "a number above 0"),
        ("batch_size", 0, "a number above 0"),
        ("learning_rate", 0.0, "a number above 0"),
        ("learning_rate", float("nan"), "a number above 0"),
        ("share", 0.0, "0 < share <= 1"),
        ("share", 1.01, "0 < share <= 1"),
        ("share", float("nan"), "0 < share <= 1"),
    ],
)
def test_value_that_cannot_be_trained_with_is_refused(
    setting: str, value: object, expected: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^{setting} is .*expected.*{expected}"):
        config_from(SMALLEST | {setting: value})


def test_every_setting_has_a_phrase_that_says_what_it_means() -> None:
    meanings = setting_meanings()
    assert list(meanings) == [field.name for field in dataclasses.fields(TrainConfig)]
    assert meanings["batch_size"] == "faces a step."
    assert meanings["frozen_blocks"].endswith("they cost little and cannot overfit.")
    assert not [text for text in meanings.values() if "  " in text or not text]
