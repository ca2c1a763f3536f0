from __future__ import annotations

import math

import pytest

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.serving import Estimator, self_test


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return Estimator(paths.ASSETS / "models" / DEFAULT_MODEL, workers=1)


def test_shipped_model_answers_as_its_card_says(estimator: Estimator) -> None:
    wanted = estimator.card[self_test.CARD_KEY]
    assert estimator.self_test_answer() == pytest.approx(wanted, abs=0.01)
    estimator.check()


@pytest.mark.parametrize(
    ("entry", "value"),
    [("age_years", 40.0), ("p_female", 0.95), ("age_years", math.nan)],
)
def test_model_that_answers_otherwise_is_refused(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch, entry: str, value: float
) -> None:
    wanted = estimator.card[self_test.CARD_KEY] | {entry: value}
    monkeypatch.setitem(estimator.card, self_test.CARD_KEY, wanted)
    with pytest.raises(ModelError, match=r"does not answer.*agemodel export"):
        estimator.check()


def test_model_without_an_answer_in_its_card_passes() -> None:
    self_test.check({"name": "old"}, {"age_years": math.nan, "p_female": math.nan})
