from __future__ import annotations

import re
from dataclasses import fields

import pytest

from agemodel.core.caps import MB, Caps, caps, read_caps
from agemodel.core.errors import ConfigError

NAMES = (
    *("PHOTOS", "FILE_MB", "MEMBER_MB", "UNPACKED_MB", "WAITING_MB", "MEGAPIXELS"),
    *("JPEG_MEGAPIXELS", "FACES", "BATCH_FACES"),
)
VARIABLES = tuple(f"AGEMODEL_MAX_{name}" for name in NAMES)


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        read_caps(environment)
    return str(caught.value)


def test_defaults_hold_where_nothing_is_set() -> None:
    assert read_caps({}) == Caps()
    assert read_caps({"HOME": "/root", "AGEMODEL_DATA": "x"}) == Caps()


@pytest.mark.parametrize(
    ("variable", "field"), list(zip(VARIABLES, fields(Caps), strict=True))
)
def test_each_cap_has_its_variable_and_unit(variable: str, field: object) -> None:
    # in whole numbers of the unit that the variable's name ends with
    name = field.name  # type: ignore[attr-defined]
    unit = {"MB": MB, "ELS": 1_000_000}.get(re.findall("MB$|ELS$|$", variable)[0], 1)
    more = {"AGEMODEL_MAX_JPEG_MEGAPIXELS": "900"} if "MEGA" in variable else {}
    found = read_caps(more | {variable: "345"})
    assert getattr(found, name) == 345 * unit
    changed = [f.name for f in fields(Caps) if getattr(found, f.name) != f.default]
    assert set(changed) - {"jpeg_pixels"} <= {name}


def test_caps_in_force_are_those_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "7")
    assert caps().faces == 7
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "many")
    assert caps().faces == 7  # read once
    caps.cache_clear()
    with pytest.raises(ConfigError):
        caps()


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    "value",
    ["0", "-1", "", "many", "1.5", "1e3", "0x10", "99999999", "9" * 5_000, "\u0661"],
)
def test_senseless_value_is_a_sentence_that_names_the_variable(
    variable: str, value: str
) -> None:
    sentence = refusal({variable: value})
    assert sentence.startswith(f"{variable} is ")
    assert "expected a whole number from 1 to" in sentence
    assert len(sentence) < 300


def test_misspelt_variable_is_told_from_the_others() -> None:
    sentence = refusal({"AGEMODEL_MAX_PHOTO": "3"})
    assert sentence.startswith("AGEMODEL_MAX_PHOTO caps nothing")
    assert "AGEMODEL_MAX_PHOTOS," in sentence


def test_jpegs_may_not_be_capped_below_other_pictures() -> None:
    sentence = refusal({"AGEMODEL_MAX_MEGAPIXELS": "300"})
    assert "AGEMODEL_MAX_JPEG_MEGAPIXELS (200)" in sentence
    assert read_caps(dict.fromkeys(VARIABLES[5:7], "300")).pixels == 300_000_000
