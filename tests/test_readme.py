from __future__ import annotations

import pytest

from docs.renew_readme import README, renewed


def test_the_readme_tells_the_figures_of_the_card() -> None:
    text = README.read_text("utf-8")
    assert text == renewed(text), "make readme renews it"
    outdated = text.replace("all test faces", "all tests")
    assert outdated != text
    assert renewed(outdated) == text


def test_a_page_without_a_place_for_them_is_refused() -> None:
    with pytest.raises(ValueError, match="no marks"):
        renewed("# A page")
