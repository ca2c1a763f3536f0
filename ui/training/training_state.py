"""The state of the Training page: which runs one visitor looks at, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from agemodel.analysis.baselines import network_of
from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.explorer.model_estimates import run_of
from agemodel.figures.training_charts import RUN_COLOURS
from agemodel.runs.run_comparison import RunHistory
from agemodel.runs.run_folder import Run, list_runs
from ui.page_state import BaseLook, PageState, choice, line, names, number, stamp

CURVES, NETWORK, SAW = "curves", "network", "saw"
RECIPE, TRAIN = "recipe", "train"
VIEWS = {
    CURVES: "Curves",
    NETWORK: "Network",
    SAW: "What it saw",
    RECIPE: "Recipe",
    TRAIN: "Train",
}
LINEAR, LOG = "linear", "log"
DIFFERENT, ALL = "different", "all"
FOLDED, SINGLE = "blocks", "layers"
MAX_RUNS = len(RUN_COLOURS)
MAX_SMOOTHING = 95


@dataclass(frozen=True)
class Look(BaseLook):
    """What is looked at, and how.

    Attributes:
        view: of `VIEWS`.
        runs: ids of those compared; none for that of the app's model and the shipped
            ones of its network.
        run: the id of the one that the other views show; empty for the first of `runs`.
        smooth: weight of what came before in the curves, per cent.
        scale: of the curves' axes.
        settings: which of the runs' settings are listed.
        drawn: what a box of the network is.
        face: which face the augmentation preview shows.
        draw: which draw of its variations.
    """

    view: str = choice(CURVES, tuple(VIEWS))
    runs: tuple[str, ...] = names(MAX_RUNS)
    run: str = line()
    smooth: int = number(0, 0, MAX_SMOOTHING)
    scale: str = choice(LINEAR, (LINEAR, LOG))
    settings: str = choice(DIFFERENT, (DIFFERENT, ALL))
    drawn: str = choice(FOLDED, (FOLDED, SINGLE))
    face: int = number()
    draw: int = number()


STATE: PageState[Look] = PageState("training", {"look": Look})
load, write_url = STATE.load, STATE.write_url
look, change = STATE.look, STATE.change
control, bind, show_choice = STATE.control, STATE.bind, STATE.show_choice
widget_key, show_button = STATE.widget_key, STATE.show_button


def runs() -> dict[str, Run]:
    """All runs by id, local ones first."""
    return {run.id: run for run in list_runs()}


def chosen(known: Mapping[str, Run]) -> list[Run]:
    """The runs that are compared; never none where there is one."""
    ids = [run_id for run_id in look().runs if run_id in known]
    return [known[run_id] for run_id in ids or _first(known)]


def _first(known: Mapping[str, Run]) -> list[str]:
    """The run of the app's model and the shipped ones of its network, else any run.

    The app's model may have taken over what another run learned in many epochs.
    """
    try:
        of_app = run_of().id
    except AgeModelError:
        of_app = ""
    if of_app not in known:
        return list(known)[:1]
    network = network_of(known[of_app])
    shipped = (run_id for run_id in known if (paths.SHIPPED_RUNS / run_id).is_dir())
    same = [run_id for run_id in shipped if network_of(known[run_id]) == network]
    return list(dict.fromkeys([of_app, *same]))[:MAX_RUNS]


def told(run: Run) -> RunHistory:
    """What a run's recipe and history say, read anew whenever they change.

    Raises:
        RunError: one of them is missing or damaged.
    """
    files = (run.folder / name for name in ("config.json", "history.csv"))
    return _told(run.folder, stamp(*files))


@st.cache_data(max_entries=50, show_spinner=False)
def _told(folder: Path, of: tuple[int, ...]) -> RunHistory:
    run = Run(folder)
    return RunHistory(run.read_config(), run.read_history())
