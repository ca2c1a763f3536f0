from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_cards import made_card

from agemodel.cards import card_markdown, read_cards
from agemodel.errors import ModelError


def write_card(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "card.json").write_text(text, "utf-8")


def test_cards_come_by_name_in_order(tmp_path: Path) -> None:
    for name in ("server", "mobile"):
        write_card(tmp_path, name, json.dumps(made_card(network=name)))
    (tmp_path / "no card").mkdir()
    cards = read_cards(tmp_path)
    assert list(cards) == ["mobile", "server"]
    assert cards["server"] == made_card(network="server")


def test_no_models_are_no_cards(tmp_path: Path) -> None:
    assert read_cards(tmp_path / "missing") == {}


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_damaged_card_names_its_model_and_the_way_to_mend_it(
    tmp_path: Path, text: str
) -> None:
    write_card(tmp_path, "mobile", text)
    with pytest.raises(ModelError, match=r"'mobile'.*agemodel export"):
        read_cards(tmp_path)


def test_card_of_another_version_is_refused(tmp_path: Path) -> None:
    card = made_card()
    del card["calibration"]
    write_card(tmp_path, "mobile", json.dumps(card))
    with pytest.raises(ModelError, match=r"lacks calibration.*agemodel export"):
        read_cards(tmp_path)


def test_a_card_reads_as_a_page_with_its_figures() -> None:
    page = card_markdown(made_card())
    assert "| test | 1,234 | 4.57 (4.20 to 4.50) | 70.0% |" in page
    assert "### Test faces by age group" in page
    assert "| 0-2 | 77 |" in page
    assert "epoch 7 of 8" in page
    assert "ab" * 32 in page
