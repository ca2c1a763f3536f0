"""Our figures beside others': read, counted and shown as they should be."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image

from agemodel.metrics.measures import CORAL_RESTRICTED
from benchmarks import field, peer, peer_process, peer_setup
from tests.harness.made_cards import PART, made_card
from tests.harness.measurements import Missing


def made_table() -> pd.DataFrame:
    """Three faces of 30, 40 and 50 years, the last one not found by the peer."""
    rows = [
        ("a", 30, 1, "ours", 32.0, True, 0.01),
        ("a", 30, 1, "peer", 40, False, 0.04),
        ("b", 40, 0, "ours", 36.0, False, 0.02),
        ("b", 40, 0, "peer", 44, False, 0.08),
        ("c", 50, 0, "ours", 59.0, True, 0.03),
        ("c", 50, 0, "peer", None, None, 0.06),
    ]
    names = ["file", "age", "gender", "tool", "age_years", "is_female", "seconds"]
    return pd.DataFrame(rows, columns=names)


def test_tools_are_measured_on_what_they_found_and_on_all() -> None:
    tools = peer.compare("photo", made_table())["tools"]
    # Errors of 2, 4 and 9 years; the third gender is wrong.
    assert tools["ours"]["found"] == 3
    assert tools["ours"]["mae_years"] == 5
    assert tools["ours"]["cs5"] == pytest.approx(2 / 3)
    assert tools["ours"]["gender_accuracy_of_all"] == pytest.approx(2 / 3)
    assert tools["ours"]["ms"]["median"] == 20
    # Errors of 10 and 4 years; of two genders one is right, of all three also one.
    assert tools["peer"]["found_share"] == pytest.approx(2 / 3)
    assert tools["peer"]["mae_years"] == 7
    assert tools["peer"]["cs5"] == 0.5
    assert tools["peer"]["cs5_of_all"] == pytest.approx(1 / 3)
    assert tools["peer"]["gender_accuracy"] == 0.5
    assert tools["peer"]["gender_accuracy_of_all"] == pytest.approx(1 / 3)
    assert tools["peer"]["ms"]["n"] == 3


def test_errors_are_compared_on_the_faces_that_both_found() -> None:
    found = peer.compare("photo", made_table())
    # Ours 2 and 4 years, theirs 10 and 4.
    assert found["both"]["n"] == 2
    assert found["both"]["ours_mae_years"] == 3
    assert found["both"]["peer_mae_years"] == 7
    assert found["both"]["less_years"] == 4
    assert found["faster"] == pytest.approx(3)  # medians of 60 and 20 ms


def test_chips_are_estimated_both_ways_by_turns_after_an_uncounted_round(
    tmp_path,
) -> None:
    asked: list[str] = []

    def ask(tool: str, way: str, path) -> dict:
        asked.append(f"{path.name} {way} {tool}")
        return {"seconds": 0.01, "age_years": 20.0, "is_female": True}

    chips = pd.DataFrame({"file": ["a", "b"], "age": [20, 30], "gender": [1, 0]})
    tools = {tool: lambda *known, tool=tool: ask(tool, *known) for tool in peer.TOOLS}
    table = peer.estimate_all(chips, tmp_path, tools)
    assert len(asked) == 4 + 8
    assert asked[4:8] == [
        *("a photo ours", "a photo peer", "a aligned ours", "a aligned peer")
    ]
    assert asked[8:10] == ["b photo peer", "b photo ours"]
    assert len(table) == 8
    assert table[table["file"] == "b"]["age"].eq(30).all()


class FakePredictor:
    """Finds two faces on a wide picture and none on a tall one."""

    def predict(self, rgb: Image.Image) -> list[dict]:
        if rgb.width < rgb.height:
            return []
        small, large = self.predict_face(rgb), self.predict_face(rgb)
        large["age"]["value"] = 41
        return [small | {"face": [0, 0, 9, 9]}, large | {"face": [5, 5, 30, 30]}]

    def predict_face(self, rgb: Image.Image) -> dict:
        return {"age": {"value": 7}, "gender": {"value": "female"}}


def made_picture(tmp_path, width: int, height: int) -> bytes:
    path = tmp_path / "picture.png"
    Image.new("L", (width, height)).save(path)
    return path.read_bytes()


def test_peer_answers_with_the_largest_face(tmp_path) -> None:
    data = made_picture(tmp_path, 40, 30)
    found = peer_process.answer(FakePredictor(), "photo", data)
    assert (found["age_years"], found["is_female"]) == (41, True)
    found = peer_process.answer(FakePredictor(), "aligned", data)
    assert (found["age_years"], found["is_female"]) == (7, True)
    assert found["seconds"] > 0 and found["cpu_s"] >= 0


def test_another_process_is_asked_through_a_pipe(tmp_path) -> None:
    lines = [
        "import json, sys",
        'print(json.dumps({"numpy": "2"}), flush=True)',
        "for line in sys.stdin:",
        '    print(json.dumps({"asked": json.loads(line)}), flush=True)',
    ]
    with peer.running_peer([sys.executable, "-c", "\n".join(lines)]) as (versions, ask):
        assert versions == {"numpy": "2"}
        asked = {"way": "photo", "file": str(tmp_path / "a.jpg")}
        assert ask("photo", tmp_path / "a.jpg") == {"asked": asked}
        assert ask("aligned", tmp_path)["asked"]["way"] == "aligned"


def test_process_that_does_not_start_means_that_nothing_is_measured() -> None:
    with pytest.raises(Missing), peer.running_peer([sys.executable, "-c", ""]):
        pass


def test_peer_that_cannot_be_installed_is_missing(tmp_path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(peer_setup, "HOME", tmp_path / "peer")
    monkeypatch.setattr(peer_setup.venv, "create", lambda *_, **__: None)
    monkeypatch.setattr(peer_setup, "_install", refuse)
    with pytest.raises(Missing, match=r"\.lock cannot be installed"):
        peer_setup.find_or_make_python()


def test_lock_pins_the_required_version_by_hash() -> None:
    required = peer_setup.LOCK.with_suffix(".txt").read_text("utf-8").splitlines()[-1]
    locked = peer_setup.LOCK.read_text("utf-8").splitlines()
    assert f"{required} \\" in locked
    assert sum("--hash=sha256:" in line for line in locked) > 10


def made_run(folder, network: str, split: str, parts: dict) -> None:
    folder.mkdir()
    config = {"network": network, "input_px": 128, "split": split}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "metrics.json").write_text(json.dumps({"splits": parts}))


def test_own_rows_come_from_the_card_and_from_runs_of_other_networks(tmp_path) -> None:
    part = PART | {"n": 9, "mae_years": 7.5}
    made_run(tmp_path / "mobile-7", "mobile", "split", {"test": PART})
    made_run(tmp_path / "seed-1", "seed_cnn", "seed", {"test": part})
    made_run(tmp_path / "group-1", "group_cnn", "split", {"test": {"n": 3}})
    card = made_card()
    served, seed = field.own_rows(card, tmp_path, "test")
    assert served["name"] == "mobile, as served"
    assert served["mae_years"] == card.metrics["test"].mae_years
    assert (served["input_px"], served["parameters"]) == (128, 3_348_789)
    assert seed["name"] == "seed_cnn, run seed-1"
    assert (seed["n"], seed["mae_years"]) == (9, 7.5)
    assert "split 'seed'" in seed["note"]
    assert field.own_rows(card, tmp_path, "coral_test") == []
    parts = {"coral_test": PART, CORAL_RESTRICTED: PART | {"mae_years": 4.1}}
    card = made_card(metrics=parts)
    alone, restricted = field.own_rows(card, tmp_path, "coral_test")
    assert (alone["kind"], alone["mae_years"]) == ("served", PART["mae_years"])
    assert (restricted["kind"], restricted["mae_years"]) == ("restricted", 4.1)
    assert "21 to 60" in restricted["note"]


def test_served_model_is_held_against_the_best_package() -> None:
    rows = [
        {"kind": "published", "mae_years": 4.0},
        {"kind": "measured", "package": True, "mae_years": 6.0},
        {"kind": "measured", "package": True, "mae_years": 5.5},
        {"kind": "served", "mae_years": 5.6},
    ]
    (limit,) = field.limits(rows)
    assert (limit["limit"], limit["kept"]) == (5.5, False)
