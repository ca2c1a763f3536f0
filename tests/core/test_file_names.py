from __future__ import annotations

import unicodedata

import pytest

from agemodel.core.file_names import MAX_SHOWN, NAMELESS, is_bookkeeping, shown_name
from tests.harness.naughty_names import naughty_names

NAMES = naughty_names()


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "*a*", "<b>a</b>", "=1+1", "../a", "$a$", ":red[a]", "Zoe\u0308"),
        *(
            "می\u200cخ",
            "👩\u200d👩\u200d👧",
            "🏴\U000e0067\U000e007f",
            " a ",
            "a" * MAX_SHOWN,
        ),
    ],
)
def test_name_without_anything_hidden_is_shown_as_it_is(name: str) -> None:
    assert shown_name(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("a\x00\x1b[31mb\x7f\x9b", "a\\x00\\x1b[31mb\\x7f\\x9b"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c"),
        ("a\u200bb\ufeffc\u00add", "a\\u200bb\\ufeffc\\xadd"),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("a\udcff\ud800", "a\\udcff\\ud800"),
    ],
)
def test_what_cannot_be_seen_is_spelt(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize("name", ["", " ", "\n\n", "\u3000"])
def test_nothing_at_all_is_said_in_words(name: str) -> None:
    assert shown_name(name) == NAMELESS


def test_middle_of_a_long_name_is_left_out() -> None:
    shown = shown_name("a" * 9_000 + "z.jpg")
    assert len(shown) == MAX_SHOWN
    assert shown.startswith("aaa")
    assert "a…a" in shown
    assert shown.endswith("az.jpg")


def test_every_name_is_one_line_of_valid_text_with_nothing_hidden() -> None:
    for name in NAMES:
        shown = shown_name(name)
        shown.encode("utf-8")
        assert len(shown.splitlines()) == 1
        kinds = {unicodedata.category(char) for char in shown}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
        turns = {unicodedata.bidirectional(char) for char in shown}
        assert not turns & {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDI"}


@pytest.mark.parametrize(
    "path",
    [
        *("@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "2024/.thumbnails/a.jpg", "._a.jpg"),
        *("x/.@__thumb/a.jpg", ".Trash-1000/files/a.jpg", ".Trashes/501/a.jpg"),
        *("__MACOSX/x/._a.jpg", "a\\__macosx\\b.jpg", "$RECYCLE.BIN/a.jpg"),
        *("Thumbs.db", "x/desktop.ini", ".DS_Store", "#recycle/a.jpg", ".nomedia"),
    ],
)
def test_what_systems_keep_beside_photos_is_bookkeeping(path: str) -> None:
    assert is_bookkeeping(path)


@pytest.mark.parametrize(
    "path",
    [
        *("a.jpg", "x/a.jpg", "./a.jpg", "../a.jpg", "..\\a.jpg", "eaDir/a.jpg"),
        *("a/b.thumbnails/c.jpg", "my@eaDir.jpg", "MACOSX.jpg", "Thumbs.db.jpg", "..."),
        *(".hidden.jpg", "x/.a.jpg", ".jpg", ""),
    ],
)
def test_what_people_name_is_no_bookkeeping(path: str) -> None:
    assert not is_bookkeeping(path)
