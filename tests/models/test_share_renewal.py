from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agemodel import cli
from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.core.labels import AGES
from agemodel.metrics.shares import CELLS, all_partitions
from agemodel.models import share_renewal
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, open_run
from tests.harness.made_cards import made_values, write_values
from tests.harness.made_predictions import made_predictions


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose val faces are men and women of 20 and 70, seen rightly."""
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    ages = np.array([20, 20, 70, 70] * 5, np.int16)
    genders = np.array([0, 1] * 10, np.int8)
    run = open_run(TrainConfig("recipe", "mobile"), "tried")
    run.write_predictions(
        made_predictions(
            [f"{n}.jpg" for n in range(20)],
            split=["val"] * 19 + ["test"],
            age=ages,
            gender=genders,
            p_female=genders.astype(np.float32),
            age_probabilities=list(np.eye(len(AGES), dtype=np.float32)[ages - 1]),
        )
    )
    return run


def test_the_command_writes_the_calibration_into_the_card(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_values(tmp_path / "models" / "mine", made_values(run=run.id))
    assert cli.main(["shares", "mine", "--groups", "1"]) == 0
    assert "of 19 validation faces" in capsys.readouterr().out
    found = ModelFolder.named("mine").card.shares
    assert found is not None and found.faces == 19
    # 5 of 19 are men of 20 to 29, the fourth age group
    assert found.prior[3] == pytest.approx(5 / 19)
    assert set(found.misfit) == {parts.name for parts in all_partitions()}


def test_a_run_without_distributions_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = run.read_predictions()
    frame["age_probabilities"] = [np.zeros(0, np.float32)] * len(frame)
    run.write_predictions(frame)
    write_values(tmp_path / "models" / "mine", made_values(run=run.id))
    with pytest.raises(ModelError, match="has no validation faces with distributions"):
        share_renewal.renew_shares(ModelFolder.named("mine"))


def test_the_model_that_ships_has_a_calibration() -> None:
    card = ModelFolder(paths.ASSETS / "models" / "mobile").card
    assert card.shares is not None
    assert len(card.shares.prior) == CELLS
    assert sum(card.shares.prior) == pytest.approx(1)
    for parts in all_partitions():
        assert len(card.shares.misfit[parts.name]) == len(parts.parts)
