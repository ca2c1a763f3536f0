from __future__ import annotations

from agemodel.models.card_text import card_markdown, how_sure, known_failures
from tests.harness.made_cards import PART, made_card, made_conditions


def test_a_card_reads_as_a_page_with_its_figures() -> None:
    page = card_markdown(made_card())
    assert "| test | 1,234 | 4.57 (4.20 to 4.50) | 70.0% |" in page
    assert "### Test faces by age group" in page
    assert "| 0-2 | 77 |" in page
    assert "epoch 7 of 8" in page
    assert "ab" * 32 in page


def test_a_card_tells_data_recipe_uses_and_limits() -> None:
    page = card_markdown(made_card())
    assert "9 faces to train on, 2 to choose the epoch" in page
    assert "starts from HSE-FaceRes" in page
    assert "not for age checks" in page
    assert "Research only." in page


def test_it_says_how_sure_it_is() -> None:
    text = how_sure(made_card())
    assert "interval of 80% holds 80.0% of the ages and is 14.2 years wide" in text
    assert "for 16.0% of the faces; of the others 98.7% are right" in text
    assert "range of 2.6 years (median of 500 test faces; 5.4 for one in ten)" in text
    assert "range of" not in how_sure(made_card(stability={"n": 0}))


def test_a_card_without_a_face_of_test_says_so() -> None:
    faces = {"total": 11, "parts": {"train": 9, "val": 2}}
    page = card_markdown(made_card(metrics={"val": PART}, groups={}, faces=faces))
    assert "There was no face of test to measure it on." in page
    assert "0 to report on" in page
    assert "| validation | 1,234 | 4.32" in page and "| test |" not in page


def test_its_failures_are_those_of_its_figures() -> None:
    groups = {
        "0-2": PART | {"mae_years": 1.2, "gender_accuracy": 0.68, "bias_years": 0.4},
        "30-39": PART | {"mae_years": 4.0, "bias_years": 1.0},
        "70+": PART | {"mae_years": 7.7, "bias_years": -5.1},
        "rare": PART | {"mae_years": 30.0, "bias_years": 30.0, "n": 3},
    }
    conditions = made_conditions(small={20: 6.0, 40: 4.1}, dark={30: 4.1})
    card = made_card(groups={"test": {"age_group": groups}}, conditions=conditions)
    first, second, third = known_failures(card)
    assert "most for 70+ (7.7 years; least for 0-2, 1.2)" in first
    assert "genders for 0-2 (68.0% right)" in first
    assert "70+ comes out -5.1 years, 30-39 +1.0 years" in second
    assert "Faces that are small: an error of up to 6.0 years instead of 4.0" in third
    page = card_markdown(card)
    assert all(f"- {line}" in page for line in (first, second, third))
    # as made: 6 / 4 = 1.5; no age from half of 16 years on
    assert "| small | 20 | 99 | 6.00 | 70.0% | 1.50 | 80.0% |" in page
    assert "No age is stated where the error is 8.0 years or more" in page
    assert "Poor pictures" not in card_markdown(made_card())
