from __future__ import annotations

from pathlib import Path

import pytest

from agemodel import cli
from agemodel.core.errors import ModelError
from agemodel.models import app_model
from agemodel.models.app_model import DEFAULT_MODEL, FILE, choose, read_name
from tests.harness.made_models import write_model


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RUNS", "MODELS"):
        monkeypatch.setenv(f"AGEMODEL_{name}", str(tmp_path / name.lower()))
    write_model(tmp_path / "models" / "mine")
    return tmp_path


def test_model_that_ships_is_used_until_another_is_chosen(folders: Path) -> None:
    assert read_name() == DEFAULT_MODEL
    choose("mine")
    assert read_name() == "mine"
    assert app_model.model_folder() == folders / "models" / "mine"
    app_model.check()
    # Back is possible even if the model that ships is not there to be looked at.
    choose(DEFAULT_MODEL)
    assert read_name() == DEFAULT_MODEL
    choose(DEFAULT_MODEL)


@pytest.mark.parametrize("name", ["none-such", "", "../models/mine", ".x", "a\nb"])
def test_what_is_no_model_is_not_chosen(folders: Path, name: str) -> None:
    choose("mine")
    with pytest.raises(ModelError):
        choose(name)
    assert read_name() == "mine"


def test_chosen_model_that_is_gone_is_named_with_the_way_back(folders: Path) -> None:
    choose("mine")
    (folders / "models" / "mine" / "card.json").unlink()
    with pytest.raises(ModelError, match=r"'mine'.*agemodel use mobile"):
        app_model.check()


def test_choice_that_the_disk_refuses_is_a_sentence_and_the_old_one_stays(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    choose("mine")
    write_model(folders / "models" / "other")
    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(ModelError, match=r"disk of .* is full\. Free.*AGEMODEL_RUNS"):
        choose("other")
    assert read_name() == "mine"


@pytest.mark.parametrize("content", [b"", b"\xff", b"../mine", b"a b"])
def test_damaged_choice_is_told_with_the_way_back(
    folders: Path, content: bytes
) -> None:
    choose("mine")
    (folders / "runs" / FILE).write_bytes(content)
    with pytest.raises(ModelError, match="agemodel use mobile"):
        read_name()
    assert cli.main(["use", "mobile"]) == 0
    assert read_name() == DEFAULT_MODEL
