from __future__ import annotations

import math

import pytest

from agemodel import golden, paths
from agemodel.app_model import DEFAULT_MODEL
from agemodel.errors import ModelError
from agemodel.estimator import Estimator


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return Estimator(paths.ASSETS / "models" / DEFAULT_MODEL, workers=1)


def test_shipped_model_answers_as_its_card_says(estimator: Estimator) -> None:
    wanted = estimator.card[golden.ENTRY]
    assert golden.answer(estimator) == pytest.approx(wanted, abs=0.01)
    golden.check(estimator)


@pytest.mark.parametrize(
    ("entry", "value"),
    [("age_years", 40.0), ("p_female", 0.95), ("age_years", math.nan)],
)
def test_model_that_answers_otherwise_is_refused(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch, entry: str, value: float
) -> None:
    wanted = estimator.card[golden.ENTRY] | {entry: value}
    monkeypatch.setitem(estimator.card, golden.ENTRY, wanted)
    with pytest.raises(ModelError, match=r"does not answer.*agemodel export"):
        golden.check(estimator)


def test_model_without_an_answer_in_its_card_is_not_asked(
    estimator: Estimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(estimator.card, golden.ENTRY)
    monkeypatch.setattr(golden, "answer", lambda _: pytest.fail("was asked"))
    golden.check(estimator)
