"""What files are called, on the page where people read it: as it is, and no markup."""

from __future__ import annotations

import pytest

from agemodel.core.file_names import shown_name
from tests.harness.fakes import FakeEstimator
from tests.harness.made_archives import archive_of, stored
from tests.harness.names_shown import (
    AS_TEXT,
    CANARY,
    faceless_png,
    kinds_that_say,
    page_of,
)
from tests.harness.naughty_names import naughty_names
from ui import served_model

NAMES = [f"{name}{CANARY}" for name in naughty_names()[::9]]
"""Every ninth, as a page of all takes minutes."""
PHOTO = faceless_png()


@pytest.fixture(autouse=True)
def estimator(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeEstimator()
    monkeypatch.setattr(served_model, "estimator", lambda: fake)
    monkeypatch.setattr(served_model, "check_installed", lambda: None)


def test_every_naughty_name_stands_under_its_photo_as_plain_text() -> None:
    page = page_of([(name, PHOTO) for name in NAMES])
    assert not page.exception
    expected = [f"{shown_name(name)} (320 by 160 px)".strip() for name in NAMES]
    assert [text.value for text in page.text] == expected
    assert page.dataframe[0].value["file"].tolist() == list(map(shown_name, NAMES))
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT


def test_every_naughty_name_of_a_broken_file_is_plain_text_too() -> None:
    page = page_of([(name, b"bad") for name in NAMES])
    assert not page.exception
    assert len(page.text) == len(NAMES)
    for text, name in zip(page.text, NAMES, strict=True):
        shown = shown_name(name)
        # the reader of pictures may write a ? for what is rarely seen
        rare = "".join(char if char.isprintable() else "?" for char in shown)
        assert text.value.startswith((shown.strip(), rare.strip()))
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT


def test_names_of_an_archive_and_in_it_are_plain_text_too() -> None:
    names = [name.encode("utf-8", "replace") for name in NAMES[::5]]
    archive = archive_of([stored(name, PHOTO) for name in names])
    page = page_of([(f"<b>{CANARY}</b>.zip", archive), *[("", PHOTO)] * len(names)])
    assert not page.exception
    shown = [t.value for t in page.text if t.value.startswith(f"<b>{CANARY}</b>.zip/")]
    assert len(shown) == len(names)
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT
