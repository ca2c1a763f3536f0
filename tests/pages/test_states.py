from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.core.errors import ModelError
from agemodel.models import app_model
from tests.harness.app_pages import labels, open_page, press, written
from ui.permission import SETTING

BACK = "Back to the model that ships"


@pytest.fixture(autouse=True)
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The choice of a model that is not there, by an operator's visitor."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path))
    monkeypatch.setenv(SETTING, "1")
    (tmp_path / app_model.FILE).write_text("gone\n")
    return tmp_path / app_model.FILE


@pytest.mark.parametrize("content", ["gone\n", "../x", ""])
def test_one_click_leads_back_from_a_model_that_is_gone(
    chosen: Path, content: str
) -> None:
    chosen.write_text(content)
    page = open_page("estimate")
    assert "**The model is missing.**" in written(page)
    press(page, BACK)
    assert app_model.read_name() == app_model.DEFAULT_MODEL
    assert "Eileen Collins, astronaut" in labels(page)


def test_who_may_not_change_it_is_not_offered_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SETTING, "0")
    assert BACK not in labels(open_page("estimate"))


def test_nothing_leads_back_from_the_model_that_ships(
    chosen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen.unlink()
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "none"))
    page = open_page("estimate")
    assert "**The model is missing.**" in written(page)
    assert BACK not in labels(page)


def test_a_choice_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_name: str) -> None:
        raise ModelError("The choice cannot be written.")

    page = open_page("estimate")
    monkeypatch.setattr(app_model, "choose", refuse)
    assert "The choice cannot be written." in written(press(page, BACK))
    assert BACK in labels(page)
