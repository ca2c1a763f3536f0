"""The network of a run: drawn, listed, and what it weighs and costs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.figures.network_diagram import figure_network
from agemodel.models.card import Card
from agemodel.models.model_folder import read_cards
from agemodel.runs.architecture import FILE, Network, blocks, read_network, sizes
from agemodel.runs.checkpoints import BEST
from agemodel.runs.run_folder import Run
from agemodel.serving.face_timing import FaceTiming, benchmarked, measure
from ui.charts import show_chart
from ui.page_state import stamp
from ui.training import training_state
from ui.training.run_views import show_error

TABLE_PX = 620

_HOW_TO_READ = (
    "A box is a layer, or several in a row: its name, at the right the shape that "
    "leaves it for one face, and below what it does and how many parameters it holds."
)


@st.fragment
def show_network(run: Run) -> None:
    """Draw the network of a run.

    Args:
        run: any; where its network is not written down, the page says what does it.
    """
    training_state.write_url()
    try:
        network = _network(run.folder, stamp(run.folder / FILE))
    except AgeModelError as error:
        show_error(error)
        return
    _show_totals(run, network)
    with st.grid(2, min_column_width=340, gap="large"):
        with st.container():
            _show_drawing(network)
        with st.container():
            _show_layers(network)
    _show_exports(run, network)


@st.cache_data(max_entries=20, show_spinner=False)
def _network(folder: Path, of: tuple[int, ...]) -> Network:
    return read_network(Run(folder))


def _show_totals(run: Run, network: Network) -> None:
    best = run.folder / BEST
    trained = network.trainable_parameters
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("Layers", f"{len(network.layers)}")
        st.metric("Parameters", f"{network.parameters:,}")
        st.metric("Of them trained", f"{trained / network.parameters:.1%}")
        if best.exists():
            st.metric(f"{BEST} on disk", f"{best.stat().st_size / 1e6:.1f} MB")


def _show_drawing(network: Network) -> None:
    boxes = {training_state.FOLDED: "A block", training_state.SINGLE: "A layer"}
    training_state.show_choice("A box is", "drawn", boxes)
    st.caption(_HOW_TO_READ)
    found = blocks(
        network.layers, folded=training_state.look().drawn == training_state.FOLDED
    )
    show_chart(
        figure_network(found),
        training_state.widget_key("network"),
        f"The network {network.name}: {len(found)} boxes from input to outputs",
    )


def _show_layers(network: Network) -> None:
    st.markdown("**Every layer**")
    table = pd.DataFrame(
        {
            "Layer": layer.name,
            "Part": layer.part or None,
            "What it does": layer.words,
            "Output shape": sizes(layer.output_shape),
            "Parameters": layer.parameters,
            "Trained": layer.trainable_parameters,
        }
        for layer in network.layers
    ).dropna(axis="columns", how="all")
    counts = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        table,
        hide_index=True,
        height=TABLE_PX,
        column_config={"Parameters": counts, "Trained": counts},
        key=training_state.widget_key("layers"),
        alt="All layers with what they do, their output shapes and parameters",
    )
    st.caption(
        "Read from the saved model. Of a norm's parameters half are statistics, which "
        "no gradient changes."
    )


def _show_exports(run: Run, network: Network) -> None:
    """The models that were exported from the run: their size, and time for a face."""
    st.subheader("As the app runs it", anchor=False)
    try:
        cards = {k: v for k, v in read_cards().items() if v.run == run.id}
    except AgeModelError as error:
        show_error(error)
        return
    if not cards:
        st.caption(
            "This run was not exported, so there is no size and no time for a face. "
            "The view 'Train' exports it, or `python -m agemodel export RUN NAME`."
        )
    for name, card in cards.items():
        with st.container(border=True):
            _show_export(name, card, network)


def _show_export(name: str, card: Card, network: Network) -> None:
    weights = {"int8": "8-bit weights", "float32": "float32 weights"}
    st.text(
        f"{name}: {card.file}, {card.bytes / 1e6:.1f} MB, "
        f"{weights.get(card.weights, card.weights)}, {card.parameters:,} parameters"
    )
    if more := card.parameters - network.parameters:
        st.caption(
            f"{more:,} parameters more than above: the export adds a layer that gives "
            "a face's embedding, which nothing was trained for."
        )
    words, key = st.empty(), f"training_timing_{card.sha256}"
    timing = st.session_state.get(key)
    try:
        timing = timing or benchmarked(card.sha256)
        if st.button(
            "Time it here",
            key=training_state.widget_key(f"time_{name}"),
            icon=":material/timer:",
            help="A second or so, on the machine that runs the app",
        ):
            timing = st.session_state[key] = measure(paths.models_dir() / name)
    except AgeModelError as error:
        show_error(error)
        return
    words.caption(timing_words(timing, twice=card.flip_average))


def timing_words(timing: FaceTiming | None, *, twice: bool) -> str:
    """What is known of the time for a face, in a sentence or two.

    Args:
        timing: None where nothing is.
        twice: whether a face and its mirror image are estimated.
    """
    if timing is None:
        return "The benchmarks were not run on this model: its time is not known yet."
    times = "twice, as it is and mirrored" if twice else "once"
    where = f"benchmarked on {timing.machine}" if timing.machine else "measured here"
    return (
        f"**{timing.median_ms:.1f} ms a face** (half of them {timing.low_ms:.1f} to "
        f"{timing.high_ms:.1f}; {timing.faces:,} faces, {where}): cut out, estimated "
        f"{times}, calibrated. Finding the face comes before that."
    )
