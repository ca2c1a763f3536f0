from __future__ import annotations

import math
from dataclasses import astuple, replace

import pytest

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.card import SelfTestAnswer
from agemodel.serving import Estimator, self_test
from tests.harness.made_cards import made_card


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return Estimator(paths.ASSETS / "models" / DEFAULT_MODEL, workers=1)


def test_shipped_model_answers_as_its_card_says(estimator: Estimator) -> None:
    wanted, answer = estimator.card.self_test, estimator.self_test_answer()
    assert astuple(answer) == pytest.approx(astuple(wanted), abs=0.01)
    estimator.check()


@pytest.mark.parametrize(
    ("entry", "value"),
    [("age_years", 40.0), ("p_female", 0.95), ("age_years", math.nan)],
)
def test_model_that_answers_otherwise_is_refused(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch, entry: str, value: float
) -> None:
    wanted = replace(estimator.card.self_test, **{entry: value})
    monkeypatch.setattr(estimator, "card", replace(estimator.card, self_test=wanted))
    with pytest.raises(ModelError, match=r"does not answer.*agemodel export"):
        estimator.check()


def test_model_without_an_answer_in_its_card_passes() -> None:
    self_test.check(made_card(), SelfTestAnswer(math.nan, math.nan))
