"""What files are called, on the page where people read it: as it is, and no markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core.caps import caps
from agemodel.core.file_names import shown_name
from agemodel.serving import Batch
from tests.harness.app_pages import PAGES, rerun
from tests.harness.fakes import FakeEstimator, png_with_faces
from tests.harness.made_archives import archive_of, stored
from tests.harness.naughty_names import naughty_names
from ui.estimate import photo_views

CANARY = "qzx7"
"""Ends a name, so that it can be told wherever it turns up."""
NAMES = [f"{name}{CANARY}" for name in naughty_names()[::9]]
"""Every ninth, as a page of all takes minutes."""
AS_TEXT = frozenset({"text", "arrow_data_frame", "dataframe"})
"""Kinds of elements in which nothing is markup."""
PHOTO = png_with_faces()

PageOf = Callable[[Sequence[tuple[str, bytes]]], AppTest]


@pytest.fixture
def page_of(estimator: FakeEstimator, monkeypatch: pytest.MonkeyPatch) -> PageOf:
    """The page after files were brought, all of them on it at once."""

    def drawn(files: Sequence[tuple[str, bytes]]) -> AppTest:
        count = len(files) + 1
        monkeypatch.setenv("AGEMODEL_MAX_PHOTOS", str(count))
        monkeypatch.setattr(photo_views, "PHOTOS_A_PAGE", count)
        caps.cache_clear()
        batch = Batch()
        batch.add(files)
        page = AppTest.from_file(PAGES / "estimate.py", default_timeout=600)
        page.session_state["estimate_batch"] = batch
        return rerun(page)

    return drawn


def kinds_that_say(page: AppTest, text: str) -> set[str]:
    """Kinds of elements that hold a text, in whatever part of them."""
    return {
        element.type
        for element in elements(page._tree)
        if getattr(element, "proto", None) is not None
        and text.encode() in element.proto.SerializeToString()
    }


def elements(block: Any) -> Iterator[Any]:
    for child in getattr(block, "children", {}).values():
        yield child
        yield from elements(child)


def test_every_naughty_name_stands_under_its_photo_as_plain_text(
    page_of: PageOf,
) -> None:
    page = page_of([(name, PHOTO) for name in NAMES])
    expected = [f"{shown_name(name)} (320 by 160 px)".strip() for name in NAMES]
    assert [text.value for text in page.text] == expected
    assert page.dataframe[0].value["file"].tolist() == list(map(shown_name, NAMES))
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT


def test_every_naughty_name_of_a_broken_file_is_plain_text_too(page_of: PageOf) -> None:
    page = page_of([(name, b"bad") for name in NAMES])
    assert len(page.text) == len(NAMES)
    for text, name in zip(page.text, NAMES, strict=True):
        shown = shown_name(name)
        # the reader of pictures may write a ? for what is rarely seen
        rare = "".join(char if char.isprintable() else "?" for char in shown)
        assert text.value.startswith((shown.strip(), rare.strip()))
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT


def test_names_of_an_archive_and_in_it_are_plain_text_too(page_of: PageOf) -> None:
    names = [name.encode("utf-8", "replace") for name in NAMES[::5]]
    archive = archive_of([stored(name, PHOTO) for name in names])
    page = page_of([(f"<b>{CANARY}</b>.zip", archive), *[("", PHOTO)] * len(names)])
    shown = [t.value for t in page.text if t.value.startswith(f"<b>{CANARY}</b>.zip/")]
    assert len(shown) == len(names)
    assert "text" in kinds_that_say(page, CANARY) <= AS_TEXT
