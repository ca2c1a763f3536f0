"""The view that compares two runs, on the faces that both estimated."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from agemodel.analysis import paired_comparison as paired
from agemodel.analysis.baselines import evaluated_runs
from agemodel.analysis.fairness import FACTORS
from agemodel.analysis.predicted_faces import SPLIT_WORDS, Slice, in_slice
from agemodel.analysis.run_names import run_name
from agemodel.core.errors import AgeModelError
from agemodel.figures.evaluation_fairness import figure_two_runs, figure_wins
from agemodel.figures.evaluation_panels import Panel
from agemodel.runs.run_folder import Run
from ui import dataset_pictures
from ui.evaluation import evaluation_state
from ui.evaluation.evaluated_faces import show_faces
from ui.evaluation.point_charts import show_panel
from ui.markdown_text import plain
from ui.shown_tables import face_columns, show_table

FARTHEST = 24
"""Number of faces listed on which one run errs less by most."""

RARE = 0.05
"""p-values below this are called rare."""

_MEASURES = {
    "mae_years": "MAE (years)",
    "median_error_years": "Median error (years)",
    f"cs{paired.CS_LIMIT_YEARS}": f"Within {paired.CS_LIMIT_YEARS} years",
}
_WINS = "A run is nearer on a face if its absolute error is smaller, by however little."


def show_comparison(run: Run, estimates: pd.DataFrame, slice_: Slice) -> None:
    """Draw the choice of another run, and the two beside each other."""
    other = _choose_other(run)
    try:
        others = evaluation_state.estimates(other)
    except AgeModelError as error:
        st.error(str(error))
        return
    rows, other_rows = in_slice(estimates, slice_), in_slice(others, slice_)
    pairs = paired.pair_faces(estimates, others, rows, other_rows)
    counts = int(rows.sum()), int(other_rows.sum())
    _show_which_faces((run, other), counts, slice_, len(pairs))
    if pairs.empty:
        return
    names = (run_name(run), run_name(other))
    ages = paired.compare_ages(pairs)
    if run == other:
        st.info(
            "The run is compared with itself: every difference is 0.",
            icon=":material/join_inner:",
        )
    else:
        st.markdown(paired.difference_in_words(ages["mae_years"], *map(_bold, names)))
    _show_measures(ages, names)
    _show_genders(pairs, names)
    _show_groups(pairs, names)
    _show_farthest(pairs, estimates, names)


def _choose_other(run: Run) -> Run:
    """The run beside it: the one asked for, else the first that is another."""
    evaluated = {found.id: found for found in evaluated_runs()}
    first = next((name for name in evaluated if name != run.id), run.id)
    if evaluation_state.look().other not in evaluated:
        evaluation_state.change(other=first, pick=evaluation_state.look().pick)
    names = {run_id: run_name(found) for run_id, found in evaluated.items()}
    st.selectbox(
        f"{plain(run_name(run))} compared with",
        list(evaluated),
        format_func=lambda run_id: names.get(run_id, run_id),
        width=320,
        **evaluation_state.control("other"),
    )
    return evaluated[evaluation_state.look().other]


def _show_which_faces(
    runs: tuple[Run, Run], counts: tuple[int, int], slice_: Slice, shared: int
) -> None:
    """Say how many faces both runs share, and why not all."""
    split = SPLIT_WORDS[slice_.split]
    one, two = (plain(run_name(run)) for run in runs)
    if not shared:
        st.warning(
            f"The two runs share no face here ({slice_.describe()}): {one} has "
            f"{counts[0]:,} of them in {split}, {two} {counts[1]:,}. Choose "
            "another split or run, or fewer filters.",
            icon=":material/join_left:",
        )
    elif shared < max(counts):
        st.caption(
            f"The runs split the faces otherwise: of {counts[0]:,} faces of {one} "
            f"and {counts[1]:,} of {two} ({slice_.describe()}), {shared:,} are "
            f"in {split} of both. Only these count; no run has learned from them."
        )
    else:
        st.caption(f"{shared:,} faces ({slice_.describe()}), the same for both runs.")


def _show_measures(ages: dict[str, paired.Difference], names: tuple[str, str]) -> None:
    rows = [
        {
            "Measure": title,
            names[0]: _number(name, ages[name].first),
            f"{names[1]} ": _number(name, ages[name].second),
            "Difference": _number(name, ages[name].value, "+"),
            "95 % interval": " to ".join(
                _number(name, bound, "+") for bound in ages[name].interval_95
            ),
        }
        for name, title in _MEASURES.items()
    ]
    st.dataframe(
        rows, hide_index=True, alt="Measures of both runs and their differences"
    )
    st.caption(
        f"Difference: {names[0]} less {names[1]}. The interval is a paired bootstrap "
        "over the faces: every draw takes the same faces for both runs."
    )


def _number(name: str, value: float, sign: str = "") -> str:
    value += 0.0  # no minus before a zero
    if name.startswith("cs"):
        return f"{value * 100:{sign}.1f} %"
    return f"{value:{sign}.2f}"


def _show_genders(pairs: pd.DataFrame, names: tuple[str, str]) -> None:
    found = paired.mcnemar_of_genders(pairs)
    st.subheader("Gender", anchor=False)
    one, two = map(_bold, names)
    p_value = "< 0.0001" if found.p < 0.0001 else f"= {found.p:.4f}"
    chance = (
        "such a difference is rare between two that are equally good"
        if found.p < RARE
        else "chance alone often makes such a difference"
    )
    st.markdown(
        f"Both are right on {found.both:,} faces, neither on {found.neither:,}. {one} "
        f"alone is right on {found.only_first:,}, {two} alone on "
        f"{found.only_second:,}. McNemar's exact test of these "
        f"{found.only_first + found.only_second:,}: p {p_value}; {chance}."
    )


def _bold(name: str) -> str:
    """A run's name for Markdown."""
    return f"**{plain(name)}**"


def _show_groups(pairs: pd.DataFrame, names: tuple[str, str]) -> None:
    st.subheader("Where each is nearer", anchor=False)
    by = evaluation_state.choose(
        "Groups", "beside", {"age_group": FACTORS["age_group"]} | FACTORS
    )
    table = paired.mae_by_group(pairs, by)
    with st.grid(2, min_column_width=320, gap="medium"):
        errors = Panel(
            f"Mean absolute error by {FACTORS[by].lower()}",
            "",
            figure_two_runs(table, by, names),
            f"Mean absolute error of both runs by {FACTORS[by].lower()}",
        )
        show_panel(errors, "two-runs")
        wins = Panel(
            "Which run is nearer, by age group",
            "",
            figure_wins(paired.count_wins(pairs), names),
            "Share of faces on which each run errs less, by age group",
        )
        show_panel(wins, "wins")
    st.caption(_WINS)


def _show_farthest(
    pairs: pd.DataFrame, estimates: pd.DataFrame, names: tuple[str, str]
) -> None:
    """The faces on which one of the two is nearer by most."""
    if names[0] == names[1]:
        return
    st.subheader("Farthest apart", anchor=False)
    words = {"first": f"{names[0]} is nearer", "second": f"{names[1]} is nearer"}
    better = evaluation_state.choose("Faces on which", "better", words)
    found = paired.farthest_apart(pairs, better, FARTHEST)
    years: dict[str, Any] = {"format": "%.1f", "width": "small"}
    config = st.column_config
    columns = face_columns("file", "age") | {
        "age_years_first": config.NumberColumn(names[0], **years),
        "age_years_second": config.NumberColumn(names[1], **years),
        "lead": config.NumberColumn("Nearer by (years)", **years),
    }
    shown = found.assign(lead=found["gain_years"].abs())
    alt = f"Faces on which {words[better]}, by most first"
    show_table(shown, columns, alt, height=250)
    if dataset_pictures.pictures_dir() is not None:
        title = f"{words[better]} by most; estimates of {names[0]}"
        show_faces(estimates, found["row_first"].to_numpy(), title, "apart")
