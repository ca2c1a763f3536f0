from __future__ import annotations

import json
from pathlib import Path

import pytest

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.models.card import card_from, card_values
from agemodel.models.model_folder import ModelFolder, read_cards
from tests.harness.bit_flips import flipped
from tests.harness.made_cards import made_card, made_values, read_values, write_values


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The card of a model 'mobile'."""
    return write_values(tmp_path / "mobile", made_values())


def test_cards_come_by_name_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    for name in ("server", "mobile"):
        write_values(tmp_path / name, made_values(network=name))
    (tmp_path / "no card").mkdir()
    cards = read_cards()
    assert list(cards) == ["mobile", "server"]
    assert cards["server"] == made_card(network="server")


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_damaged_card_names_its_model_and_the_way_to_mend_it(
    path: Path, text: str
) -> None:
    path.write_text(text, "utf-8")
    with pytest.raises(ModelError, match=r"'mobile'.*agemodel export"):
        _ = ModelFolder(path.parent).card


def test_card_of_another_version_is_refused(path: Path) -> None:
    values = made_values()
    del values["calibration"]
    write_values(path.parent, values)
    with pytest.raises(ModelError, match=r"lacks calibration.*agemodel export"):
        _ = ModelFolder(path.parent).card


def test_every_flipped_bit_in_a_card_is_told(path: Path) -> None:
    good = path.read_bytes()
    # every bit of some bytes, all over the file and in its digest
    places = {*range(0, len(good), 211), *range(len(good) - 80, len(good), 3)}
    for bit in (8 * place + bit for place in places for bit in range(8)):
        path.write_bytes(flipped(good, bit))
        with pytest.raises(ModelError, match=r"'mobile'.*git checkout"):
            _ = ModelFolder(path.parent).card
    path.write_bytes(good)
    assert ModelFolder(path.parent).card == made_card()


@pytest.mark.parametrize(
    ("entry", "value", "words"),
    [
        ("input_px", "128", "input_px should be int, not str"),
        ("calibration", None, "calibration should be dict"),
        ("calibration", {"coverage": 0.8}, "calibration lacks central_shares"),
        ("metrics", {"test": {"n": 3}}, "test lacks bias_years"),
        ("conditions", {"n": 3}, "conditions lacks usual_mae_years"),
    ],
)
def test_card_whose_entry_is_another_is_refused_by_its_name(
    path: Path, entry: str, value: object, words: str
) -> None:
    write_values(path.parent, made_values() | {entry: value})
    with pytest.raises(ModelError, match=rf"'mobile' is damaged .*: {words}.*export"):
        _ = ModelFolder(path.parent).card


def test_card_that_ships_is_written_again_as_it_was_read() -> None:
    values = read_values(paths.ASSETS / "models" / "mobile")
    again = json.loads(json.dumps(card_values(card_from(values))))
    assert again == values
