from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_cards import made_card
from streamlit.testing.v1 import AppTest

PAGE = Path(__file__).resolve().parents[2] / "pages" / "about.py"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    return tmp_path


def run_page() -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=30).run()
    assert not page.exception
    return page


def written(page: AppTest) -> str:
    return " ".join(block.value for block in page.markdown)


def test_about_says_what_an_estimate_is_not_for(models: Path) -> None:
    text = " ".join(written(run_page()).split())
    assert "it says nothing of identity" in text
    assert (
        "**not for** age checks, hiring, surveillance or any decision about a person"
        in text
    )


def test_about_shows_the_terms_of_weights_and_data_from_their_file(
    models: Path,
) -> None:
    text = written(run_page())
    assert "BlazeFace" in text
    assert "non-commercial research only" in text


def test_about_without_models_names_the_command_that_makes_one(models: Path) -> None:
    page = run_page()
    assert "python -m agemodel export" in page.info[0].value


def test_about_shows_the_card_of_a_model(models: Path) -> None:
    (models / "mobile").mkdir()
    card = json.dumps(made_card(run="mobile-42"))
    (models / "mobile" / "card.json").write_text(card, "utf-8")
    page = run_page()
    assert "mobile" in [heading.value for heading in page.subheader]
    text = written(page)
    assert "mobile-42" in text
    errors = page.dataframe[0].value
    assert "4.57 (4.20 to 4.50)" in errors["MAE (years)"].tolist()
    assert not page.info


def test_about_with_a_damaged_card_says_how_to_mend_it(models: Path) -> None:
    (models / "mobile").mkdir()
    (models / "mobile" / "card.json").write_text("{", "utf-8")
    page = run_page()
    assert "'mobile' cannot be read" in page.error[0].value
    assert "BlazeFace" in written(page)
