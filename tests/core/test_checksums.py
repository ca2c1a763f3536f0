from __future__ import annotations

import json

import pytest

from agemodel.core.checksums import (
    CHECK,
    seal,
    seal_csv,
    unseal,
    unseal_csv_if_sealed,
    unseal_if_sealed,
)
from tests.harness.bit_flips import flipped

VALUES = {"name": "Zoë", "mae_years": 4.25e-05, "parts": [1, None, {"yes": True}]}
DAMAGED = (
    "differs from its digest|no entry 'check'|digest is not called|can't decode byte|"
    "^Expecting|^Extra data|^Invalid|^Unterminated|^Illegal"
)
"""Errors of a sealed file that is changed or cut: those of JSON, and our own."""


def test_values_come_back_as_they_were_sealed() -> None:
    assert unseal(seal(VALUES)) == unseal_if_sealed(seal(VALUES)) == VALUES


def test_a_sealed_file_is_plain_json_to_other_programs() -> None:
    values = json.loads(seal(VALUES))
    assert values.pop(CHECK)
    assert values == VALUES


def test_every_flipped_bit_is_told() -> None:
    content = seal(VALUES)
    for bit in range(8 * len(content)):
        for read in (unseal, unseal_if_sealed):
            with pytest.raises(ValueError, match=DAMAGED):
                read(flipped(content, bit))


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_a_file_cut_short_is_told(length: int) -> None:
    for read in (unseal, unseal_if_sealed):
        with pytest.raises(ValueError, match=DAMAGED):
            read(seal(VALUES)[:length])


def test_a_file_without_a_digest_is_read_only_where_that_is_allowed() -> None:
    content = json.dumps(VALUES).encode()
    assert unseal_if_sealed(content) == VALUES
    with pytest.raises(ValueError, match="no entry 'check'"):
        unseal(content)


@pytest.mark.parametrize("content", [b"[]", b"null", b"7", b"\xff"])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"not an object|can't decode byte 0xff"):
        unseal_if_sealed(content)


def test_every_flipped_bit_in_a_sealed_csv_is_told() -> None:
    rows = b"epoch,loss,mae\n1,0.5,7.25\n2,0.4,6.5\n"
    content = seal_csv(rows)
    assert unseal_csv_if_sealed(content) == unseal_csv_if_sealed(rows) == rows
    for bit in range(8 * len(content)):
        with pytest.raises(ValueError, match=r"its digest|unequal lengths"):
            unseal_csv_if_sealed(flipped(content, bit))
