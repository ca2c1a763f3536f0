from __future__ import annotations

import json
from pathlib import Path

import pytest

from agemodel.cards import read_cards
from agemodel.errors import ModelError


def write_card(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "card.json").write_text(text, "utf-8")


def test_cards_come_by_name_in_order(tmp_path: Path) -> None:
    for name in ("server", "mobile"):
        write_card(tmp_path, name, json.dumps({"network": name}))
    (tmp_path / "no card").mkdir()
    cards = read_cards(tmp_path)
    assert list(cards) == ["mobile", "server"]
    assert cards["mobile"] == {"network": "mobile"}


def test_no_models_are_no_cards(tmp_path: Path) -> None:
    assert read_cards(tmp_path / "missing") == {}


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_damaged_card_names_its_model_and_the_way_to_mend_it(
    tmp_path: Path, text: str
) -> None:
    write_card(tmp_path, "mobile", text)
    with pytest.raises(ModelError, match=r"'mobile'.*agemodel export"):
        read_cards(tmp_path)
