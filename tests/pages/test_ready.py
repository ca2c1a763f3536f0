from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.serving import self_test
from ui.server import ready


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's file in a copy of the models, and no answer that is given again."""
    shutil.copytree(paths.ASSETS / "models", tmp_path / "models")
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(ready, "FRESH_S", 0.0)
    st.cache_resource.clear()
    return tmp_path / "models" / "mobile" / "model.tflite"


def asked() -> tuple[int, dict]:
    answer = ready._answer(None)
    return answer.status_code, json.loads(bytes(answer.body))


def test_it_goes_red_for_a_damaged_model_and_green_again(model: Path) -> None:
    assert asked() == (200, {"ready": True, "problems": []})
    good = model.read_bytes()
    model.write_bytes(good[:-1])
    status, answer = asked()
    assert (status, answer["ready"]) == (503, False)
    assert "git checkout -- assets/models" in answer["problems"][0]
    model.write_bytes(good)
    assert asked()[0] == 200


def test_it_is_red_for_a_model_that_answers_otherwise(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_card: object, _answer: object) -> None:
        raise ModelError("It does not answer as it did.")

    monkeypatch.setattr(self_test, "check", refuse)
    assert asked() == (
        503,
        {"ready": False, "problems": ["It does not answer as it did."]},
    )


def test_an_answer_is_given_again_for_a_while(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked()[0] == 200
    monkeypatch.setattr(ready, "FRESH_S", 1000.0)
    model.unlink()
    assert asked()[0] == 200
    monkeypatch.setattr(ready, "FRESH_S", 0.0)
    assert asked()[0] == 503
