"""The Training page with the runs that ship, with local ones, and with none."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from agemodel.core import paths
from agemodel.dataset.archive import import_dataset
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.model_folder import ModelFolder
from agemodel.runs.architecture import FILE, read_network
from agemodel.runs.config import TrainConfig
from agemodel.runs.run_folder import Run, open_run
from agemodel.runs.run_splits import read_split
from agemodel.serving.face_timing import FaceTiming
from tests.harness.app_pages import (
    after,
    labels,
    opening,
    query_of,
    rerun,
    unfolded,
    written,
)
from tests.harness.dataset_archives import tiny_jpeg, write_folder
from tests.harness.made_histories import made_history
from tests.harness.plain_predictions import SERVED
from ui import dataset_pictures
from ui.markdown_text import plain
from ui.training import training_state
from ui.training.network_view import timing_words
from ui.training.training_state import Look

open_page = opening("training")
CONFIG = TrainConfig(name="tiny", network="seed_cnn", framing="chip", epochs=3)


def local_run(run_id: str, val_mae: list[float], **changes: object) -> Run:
    values = CONFIG.as_dict() | changes
    run = open_run(TrainConfig(**values), run_id)
    if val_mae:
        text = made_history(val_mae).to_csv(index=False)
        (run.folder / "history.csv").write_text(text, "utf-8")
    return run


def figures(page: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def numbers(values: list | dict) -> list:
    """Numbers of a chart's data, which Plotly packs where they were an array."""
    if isinstance(values, list):
        return values
    packed = base64.b64decode(values["bdata"])
    return np.frombuffer(packed, np.dtype(values["dtype"])).tolist()


# ------------------------------------------------------------------------ runs, curves


def test_page_opens_with_the_curves_of_the_apps_model() -> None:
    page = open_page()
    card = json.loads((paths.ASSETS / "models/mobile/card.json").read_text("utf-8"))
    assert page.pills(key="training_runs").value == [card["run"], "mobile-3"]
    assert query_of(page) == {}
    history = pd.read_csv(paths.SHIPPED_RUNS / card["run"] / "history.csv", comment="#")
    (_, val, best) = figures(page)[0]["data"][:3]
    assert numbers(val["x"]) == history["epoch"].tolist()
    assert numbers(val["y"]) == history["val_age_mae_years"].tolist()
    chosen = history["chosen_by"].to_numpy().argmin()  # the loss on val
    assert numbers(best["x"]) == [int(history["epoch"].iloc[chosen])]


def test_shipped_and_local_runs_can_be_compared_and_the_url_keeps_it() -> None:
    local_run("mine-1", [9.0, 7.0])
    page = open_page()
    picker = page.pills(key="training_runs")
    shipped = sorted(path.parent.name for path in paths.SHIPPED_RUNS.glob("*/log.txt"))
    assert [name.split("(")[-1].rstrip(")") for name in picker.options] == [
        "mine-1",
        *shipped,
    ]
    after(picker.set_value(["mine-1", "mobile-3"]))
    assert query_of(page) == {"runs": "mine-1,mobile-3"}
    again = open_page(**query_of(page))
    assert again.pills(key="training_runs").value == ["mine-1", "mobile-3"]
    text = written(again)
    assert "**mine\\-1**: seed_cnn, " in text
    assert "2 of 3 epochs, " in text
    assert "a validation MAE of 7.00 years" in text
    assert "**Mobile network on UTKFace" in text
    assert "losses cannot be compared" in written(again)


def test_settings_that_differ_are_listed_alone_until_all_are_asked_for() -> None:
    local_run("mine-1", [9.0])
    local_run("mine-2", [8.0], epochs=9, seed=4)
    page = unfolded(open_page(runs="mine-1,mine-2"), "training_all_settings")
    assert page.dataframe[0].value.index.tolist() == ["epochs", "seed"]
    after(page.segmented_control(key="training_settings").set_value(training_state.ALL))
    table = page.dataframe[0].value
    assert set(table.index) == set(CONFIG.as_dict())
    assert table.index[:2].tolist() == ["epochs", "seed"]
    assert table.loc["epochs"].tolist() == ["3", "9", "passes over the training faces."]
    assert query_of(page)["settings"] == "all"


def test_axis_and_smoothing_change_the_curves() -> None:
    page = open_page(scale="log", smooth="50", runs="mobile-3")
    mae = figures(page)[0]
    assert mae["layout"]["yaxis"]["type"] == "log"
    assert len(mae["data"]) == 5  # twice train, twice val, the best
    page.segmented_control(key="training_scale").set_value(training_state.LINEAR)
    after(page.slider(key="training_smooth").set_value(0))
    mae = figures(page)[0]
    assert mae["layout"]["yaxis"]["type"] == "linear"
    assert len(mae["data"]) == 3
    assert query_of(page) == {"runs": "mobile-3"}


def test_new_epochs_of_a_live_run_are_seen() -> None:
    run = local_run("mine-1", [])
    page = open_page(runs="mine-1")
    assert "No epoch is done yet" in written(page)
    assert not figures(page)
    for errors in ([9.0], [9.0, 8.0]):
        text = made_history(errors).to_csv(index=False)
        (run.folder / "history.csv").write_text(text, "utf-8")
        rerun(page)
        assert numbers(figures(page)[0]["data"][1]["y"]) == errors


def test_damaged_run_is_told_and_the_others_are_drawn() -> None:
    local_run("mine-1", [9.0])
    (local_run("mine-2", [8.0]).folder / "config.json").write_text("{", "utf-8")
    page = open_page(runs="mine-1,mine-2")
    assert "config.json of run mine-2 is damaged" in written(page)
    assert "**mine\\-1**" in written(page)
    assert "**mine\\-2**" not in written(page)


def test_without_any_run_the_page_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "SHIPPED_RUNS", tmp_path / "none")
    for view in (
        training_state.CURVES,
        training_state.NETWORK,
        training_state.SAW,
        training_state.RECIPE,
    ):
        page = open_page(view=view)
        assert "There is no run yet" in page.info[0].value
        assert "python -m agemodel train" in page.info[0].value


def test_nonsense_in_the_url_is_ignored() -> None:
    page = open_page(view="<b>", runs="no-such-run", smooth="-1", face="x", draw="²")
    assert page.segmented_control(key="training_view").value == training_state.CURVES
    assert page.pills(key="training_runs").value == [SERVED, "mobile-3"]


# ----------------------------------------------------------------------------- network


@pytest.mark.parametrize("run_id", ["mobile-3", "group_cnn-1"])
def test_network_of_a_shipped_run_is_drawn_and_listed(run_id: str) -> None:
    page = open_page(view="network", runs=run_id)
    network = read_network(Run(paths.SHIPPED_RUNS / run_id))
    table = page.dataframe[0].value
    assert table["Layer"].tolist() == [layer.name for layer in network.layers]
    assert int(table["Parameters"].sum()) == network.parameters
    metrics = {metric.label: metric.value for metric in page.metric}
    assert metrics["Layers"] == str(len(network.layers))
    assert metrics["Parameters"] == f"{network.parameters:,}"
    size = (paths.SHIPPED_RUNS / run_id / "best.keras").stat().st_size
    assert metrics["best.keras on disk"] == f"{size / 1e6:.1f} MB"
    (folded,) = figures(page)
    page.segmented_control(key="training_drawn").set_value(training_state.SINGLE)
    (single,) = figures(rerun(page))
    assert len(numbers(single["data"][0]["y"])) == len(network.layers)
    assert len(numbers(folded["data"][0]["y"])) < len(network.layers)


def test_one_of_several_runs_is_looked_at_closely() -> None:
    page = open_page(view="network", runs="mobile-3,group_cnn-1", run="group_cnn-1")
    assert page.selectbox(key="training_run").value == "group_cnn-1"
    assert not page.pills
    assert "group_cnn" not in written(page)  # its name is in the picker alone
    assert "dense" in page.dataframe[0].value["Layer"].tolist()
    after(page.selectbox(key="training_run").select("mobile-3"))
    assert "conv_dw_13" in page.dataframe[0].value["Layer"].tolist()
    assert query_of(page)["run"] == "mobile-3"


def test_network_that_is_not_written_down_says_what_does_it() -> None:
    local_run("mine-1", [9.0])
    page = open_page(view="network", runs="mine-1")
    assert "python -m agemodel evaluate mine-1" in written(page)
    assert not figures(page)


def test_run_that_was_not_exported_has_no_time_for_a_face() -> None:
    page = open_page(view="network", runs="group_cnn-1")
    assert "was not exported" in written(page)
    assert not labels(page)


def test_exported_model_is_timed_on_a_click() -> None:
    page = open_page(view="network")
    assert "model.tflite" in written(page) and "8-bit weights" in written(page)
    after(page.button(key="training_time_mobile").click())
    assert "ms a face" in written(page) and "measured here" in written(page)


def test_time_is_put_in_words() -> None:
    assert "not known yet" in timing_words(None, twice=True)
    text = timing_words(FaceTiming(4.72, 4.59, 4.81, 400, "A chip"), twice=True)
    assert "**4.7 ms a face**" in text and "4.6 to 4.8; 400 faces" in text
    assert "benchmarked on A chip" in text and "mirrored" in text
    assert "estimated once" in timing_words(FaceTiming(1, 1, 1, 1), twice=False)


# ------------------------------------------------------------------ what it saw, recipe


def pictures(page: AppTest) -> list[str]:
    """The addresses of the preview's pictures, which are their checksums."""
    (preview,) = page.image
    return [image.url for image in preview.proto.imgs]


def test_without_the_dataset_a_bundled_face_is_varied_and_drawn_again() -> None:
    page = open_page(view="saw")
    assert "data import" in written(page) and "Eileen Collins" in written(page)
    first = pictures(page)
    assert len(set(first)) == 12
    page.button(key="training_preview_draw").click()
    second = pictures(rerun(page))
    assert second[0] == first[0] and not set(second[1:]) & set(first[1:])
    assert query_of(page) == {"view": "saw", "draw": "2"}
    assert pictures(open_page(**query_of(page))) == second
    keys = {button.key for button in page.button}
    assert "training_preview_face" not in keys


def test_with_the_dataset_training_faces_of_the_run_are_shown(tmp_path: Path) -> None:
    files = [
        f"{age}_1_2_2017011612060625{age % 10}.jpg.chip.jpg" for age in range(20, 30)
    ]
    source = write_folder(
        tmp_path / "source", [(name, tiny_jpeg(n)) for n, name in enumerate(files)]
    )
    import_dataset(source, paths.data_dir())
    assert dataset_pictures.pictures_dir() is not None
    run = local_run("mine-1", [9.0], jitter_light=0.3)
    parts = ["val", "test", *["train"] * 8]
    run.write_table("split.parquet", pd.DataFrame({"file": files, "part": parts}))
    page = open_page(view="saw", runs="mine-1")
    shown = set()
    for _ in range(12):
        (name,) = [text.value for text in page.text]
        shown.add(name)
        after(page.button(key="training_preview_face").click())
    assert shown <= set(files[2:]) and len(shown) > 2
    assert "taken as its file shows it, at 128 px" in written(page)


def test_preview_of_a_run_without_its_split_says_so(tmp_path: Path) -> None:
    files = [("20_1_2_20170116120606250.jpg.chip.jpg", tiny_jpeg())]
    import_dataset(write_folder(tmp_path / "source", files), paths.data_dir())
    local_run("mine-1", [])
    page = open_page(view="saw", runs="mine-1")
    assert "has not chosen its faces yet" in written(page)


def test_recipe_tells_five_steps_with_the_numbers_of_the_run() -> None:
    page = open_page(view="recipe")
    text = written(page).replace("\\", "")
    for step in ("1. Data", "2. Design", "3. Build", "4. Train", "5. Use"):
        assert step in text
    run = Run(paths.SHIPPED_RUNS / SERVED)
    test = run.read_json("metrics.json")["splits"]["test"]
    assert f"err by {test['mae_years']:.2f} years" in text
    trained = np.count_nonzero(read_split(run)["part"] == "train")
    assert f"{trained:,} faces to train on" in text
    assert f"{read_network(run).parameters:,} parameters" in text
    assert "Exported for the app as: mobile" in text


def test_damaged_network_is_told_beside_the_recipe() -> None:
    target = paths.runs_dir() / "mine-1"
    shutil.copytree(paths.SHIPPED_RUNS / "group_cnn-1", target)
    (target / FILE).write_text("{}", "utf-8")
    text = written(open_page(view="recipe", runs="mine-1"))
    assert "network.json of run mine-1 is damaged" in text and "5. Use" in text


def test_text_is_shown_as_it_is() -> None:
    assert plain("a_b *c* [d](e) <b> $x$ :f:") == (
        r"a\_b \*c\* \[d\]\(e\) \<b\> \$x\$ \:f\:"
    )


# --------------------------------------------------------------------------- the parts


def test_look_round_trips_and_says_only_what_is_set() -> None:
    assert Look().to_query() == {}
    look = Look("network", ("a-1", "b-1"), "b-1", 35, "log", "all", "layers", 4, 9)
    query = {name: [text] for name, text in look.to_query().items()}
    assert Look.from_query(query) == look
    assert Look.from_query({"runs": ["a,,a,b"]}).runs == ("a", "b")
    assert Look.from_query({"smooth": ["99"]}).smooth == training_state.MAX_SMOOTHING
    assert Look.from_query({"draw": ["0"], "face": ["99999999"]}) == Look(
        face=1_000_000
    )


def test_too_many_runs_in_the_url_are_cut_to_those_with_a_colour() -> None:
    ids = [f"r-{number}" for number in range(20)]
    assert Look.from_query({"runs": [",".join(ids)]}).runs == tuple(
        ids[: training_state.MAX_RUNS]
    )


def test_network_says_why_its_export_holds_more_parameters() -> None:
    page = open_page(view="network")
    card = ModelFolder.named(DEFAULT_MODEL).card
    more = card.parameters - read_network(Run(paths.SHIPPED_RUNS / SERVED)).parameters
    assert f"{card.parameters:,} parameters" in written(page)
    assert f"{more:,} parameters more than above" in written(page)
