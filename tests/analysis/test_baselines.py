from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis import baselines
from agemodel.analysis.baselines import (
    KINDS,
    always_in_words,
    baseline_runs,
    guess_always,
    published_systems,
    read_published,
    restricted_systems,
    split_note,
)
from agemodel.analysis.headline import measure
from agemodel.analysis.predicted_faces import Slice, in_slice
from agemodel.core.errors import ModelError
from agemodel.core.labels import AGE_GROUPS
from agemodel.metrics.measures import CORAL_RESTRICTED, Score
from agemodel.runs.run_folder import Run


def made_run(folder, network: str, split: str = "split") -> Run:
    folder.mkdir()
    config = {"network": network, "split": split}
    (folder / "config.json").write_text(json.dumps(config))
    return Run(folder)


def test_constant_guess_is_the_mean_age_of_train_and_errs_accordingly(
    predicted: pd.DataFrame,
) -> None:
    train = predicted[predicted["split"] == "train"]
    mean = sum(train["age"].tolist()) / len(train)
    gender = Counter(train["gender"]).most_common(1)[0][0]
    guesses = guess_always(predicted)
    assert always_in_words(guesses) == f"Always {mean:.1f} years, {gender}"
    rows = in_slice(predicted, Slice())
    found = measure(guesses, rows)
    ages = predicted["age"][rows].tolist()
    assert found["mae_years"] == pytest.approx(
        sum(abs(age - mean) for age in ages) / len(ages)
    )
    labels = predicted["gender"][rows].tolist()
    assert found["gender_accuracy"] == labels.count(gender) / len(labels)
    assert found["auc"] == 0.5
    (group,) = [
        name
        for name in AGE_GROUPS
        if int(name.split("-")[0].rstrip("+")) <= mean < int(name.split("-")[-1]) + 1
    ][:1]
    share = predicted["age_group"][rows].tolist().count(group) / len(ages)
    assert found["group_accuracy"] == share
    assert np.isnan([found["coverage"], found["mean_width_years"]]).all()


def test_without_train_there_is_nothing_to_guess_from(predicted: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="no face of train"):
        guess_always(predicted[predicted["split"] == "test"])


def test_baselines_are_one_run_each_of_the_other_networks(tmp_path) -> None:
    own = made_run(tmp_path / "m", "mobile")
    group, again = (made_run(tmp_path / name, "group_cnn") for name in "gh")
    seed = made_run(tmp_path / "s", "seed_cnn", "seed")
    broken = Run(tmp_path / "none")
    runs = [own, broken, group, again, seed]
    assert baseline_runs(own, runs) == [seed, group]
    assert baseline_runs(seed, runs) == [group]
    assert "'seed'" in split_note(own, seed)
    assert split_note(own, group) == ""


def test_published_figures_are_those_of_the_file_and_are_marked() -> None:
    for split, rows in read_published().items():
        systems = published_systems(split)
        assert [one.name for one in systems] == [row["name"] for row in rows]
        for one, row in zip(systems, rows, strict=True):
            assert one.kind in KINDS and one.kind != "run"
            assert one.note
            assert one.scores["mae_years"].value == row["mae_years"]
            assert np.isnan(one.scores["mae_years"].low)
    assert published_systems("val") == []


def test_run_restricted_to_the_range_stands_beside_itself_on_coral(tmp_path) -> None:
    run = made_run(tmp_path / "m", "mobile")
    part = {"n": 7, "mae_years": 4.1, "mae_years_95": [4.0, 4.3], "cs5": 0.7}
    metrics = {"splits": {"test": part, "coral_test": part, CORAL_RESTRICTED: part}}
    (run.folder / "metrics.json").write_text(json.dumps(metrics))
    (one,) = restricted_systems(run, "coral_test")
    assert (one.name, one.n) == ("m, restricted to 21 to 60", 7)
    assert one.kind in KINDS
    assert one.scores == {"mae_years": Score(4.1, 4.0, 4.3), "cs5": one.scores["cs5"]}
    assert one.scores["cs5"].value == 0.7
    assert restricted_systems(run, "test") == []
    del metrics["splits"][CORAL_RESTRICTED]
    (run.folder / "metrics.json").write_text(json.dumps(metrics))
    assert restricted_systems(run, "coral_test") == []


def test_damaged_file_of_published_figures_says_how_to_restore_it(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines, "PUBLISHED", tmp_path / "published.json")
    with pytest.raises(ModelError, match="git checkout -- assets"):
        read_published()
