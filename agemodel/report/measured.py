"""The report's sections on a run's predictions, a function each.

All take the predictions as returned by `read_predicted`; `rows` is a mask of shape (n,)
of the faces to measure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.analysis import confusion, fairness
from agemodel.analysis.age_errors import running_errors
from agemodel.analysis.baselines import evaluated_runs
from agemodel.analysis.headline import headline
from agemodel.analysis.predicted_faces import SPLIT_WORDS, Slice, in_slice, splits_in
from agemodel.analysis.systems import systems_beside
from agemodel.figures import evaluation_panels as panels
from agemodel.figures.evaluation_charts import NOTHING, system_rows
from agemodel.figures.evaluation_fairness import HOW_TO_READ, figure_groups
from agemodel.metrics import measures
from agemodel.metrics.measures import MEASURES, Measure, Score
from agemodel.report.document import (
    Block,
    Chart,
    Heading,
    Items,
    Note,
    Paragraph,
    Table,
    charted,
)
from agemodel.runs.run_folder import Run

SPLITS_ARE = (
    "No run learned from any of them. CORAL test: the faces of 21 to 60 years on which "
    "published work reports. On validation the epoch and the calibration were chosen."
)
_BESIDE = ("mae_years", "cs5", "group_accuracy", "gender_accuracy")
_SCORES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def headline_of(predicted: pd.DataFrame) -> list[Block]:
    """Every measure of every split, a column a split."""
    masks = {
        split: in_slice(predicted, Slice(split=split)) for split in splits_in(predicted)
    }
    scores = {split: headline(predicted, mask) for split, mask in masks.items()}
    counts = {SPLIT_WORDS[name]: f"{mask.sum():,}" for name, mask in masks.items()}
    rows = [{"Measure": "n"} | counts]
    rows += [
        {"Measure": _title(measure)}
        | {SPLIT_WORDS[split]: _score(measure, scores[split][key]) for split in masks}
        for key, measure in MEASURES.items()
    ]
    return [
        Table(rows, "With bootstrap 95 % intervals"),
        Note(" ".join(f"{one.title}: {one.meaning}" for one in MEASURES.values())),
        Note(SPLITS_ARE),
    ]


def _title(measure: Measure) -> str:
    unit = {measures.SHARE: " (%)", measures.YEARS: " (years)", measures.INDEX: ""}[
        measure.unit
    ]
    return f"{measure.title}{unit}"


def _score(measure: Measure, score: Score) -> str:
    if np.isnan(score.value):
        return "not known"
    bounds = (score.value, score.low, score.high)
    if measure.unit == measures.SHARE:
        return _with_interval("{:.1f}", *(100 * bound for bound in bounds))
    return _with_interval("{:.2f}" if measure.better else "{:+.2f}", *bounds)


def _with_interval(form: str, value: float, low: float, high: float) -> str:
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def systems_of(run: Run, predicted: pd.DataFrame) -> list[Block]:
    """Measures on test beside a guess, other networks, and what others published."""
    systems, reasons = systems_beside(run, predicted, Slice(), evaluated_runs())
    return [
        Heading("Beside other systems"),
        Table(
            system_rows(systems, _BESIDE),
            "On test, with bootstrap 95 % intervals where they are known",
        ),
        *(Note(reason) for reason in reasons),
    ]


def confusions_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Which class was taken for which, and how well each class is found."""
    return [
        piece
        for name, classes in confusion.classes_of(predicted).items()
        for piece in (Heading(name), *_confusion(name, classes, rows))
    ]


def _confusion(name: str, classes: confusion.Classes, rows: np.ndarray) -> list[Block]:
    """A row a labelled class, a column an estimated one; then each class's scores."""
    counts = confusion.count_cells(classes, rows)
    shares = confusion.share_cells(counts, confusion.OF_TRUE)
    cells = [
        {"Labelled": true, "n": f"{counts[i].sum():,}"}
        | {
            f"estimated {estimated}": f"{counts[i, j]:,} ({shares[i, j] * 100:.1f} %)"
            for j, estimated in enumerate(classes.names)
        }
        for i, true in enumerate(classes.names)
    ]
    scores = [
        {"Class": row["class"], "Support": f"{row['support']:,}"}
        | {
            title: NOTHING if np.isnan(row[key]) else f"{row[key]:.3f}"
            for key, title in _SCORES.items()
        }
        for row in confusion.score_classes(classes.names, counts)
        .reset_index()
        .to_dict("records")
    ]
    return [
        Paragraph(f"{confusion.accuracy_in_words(counts)}."),
        Table(cells, f"{name}: faces, and their share of those labelled so"),
        Table(scores, f"{name}: how well each class is found"),
    ]


def errors_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Errors of the age: over the age, cumulated, and by remark on the picture."""
    running = running_errors(predicted, rows)
    flags = panels.flags_panel(predicted, rows)
    return charted(
        panels.density_panel(predicted, rows, running),
        panels.running_panel(predicted, rows, running),
        panels.cumulative_panel(predicted, rows),
        *([flags] if flags.words else []),
    )


def certainty_of(run: Run, predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Whether intervals and probabilities are right, and what declining would bring."""
    stated = float(run.read_json("calibration.json")["coverage"])
    return charted(
        panels.coverage_panel(predicted, rows, stated),
        panels.reliability_panel(predicted, rows),
        panels.width_panel(predicted, rows, stated),
        panels.age_risk_panel(predicted, rows),
        panels.gender_risk_panel(predicted, rows),
    )


def groups_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Errors by gender, race label and age group, with the largest gaps in words."""
    overall = fairness.overall_row(predicted, rows)
    pieces: list[Block] = [
        Paragraph(fairness.RACE_NOTE),
        Note(HOW_TO_READ),
    ]
    for factors in ((name,) for name in fairness.FACTORS):
        found = fairness.group_table(predicted, rows, factors)
        gaps = [
            fairness.gap_in_words(found, measure, factors)
            for measure in fairness.GROUP_MEASURES
        ]
        title = fairness.grouping_name(factors)
        pieces += [
            Heading(title),
            Items([gap for gap in gaps if gap]),
            Chart(
                figure_groups(found, factors, "mae_years", overall),
                f"Mean absolute error by {title.lower()}",
            ),
            Table([_group(row) for _, row in found.iterrows()], title),
        ]
    return pieces


def _group(row: pd.Series) -> dict[str, str]:
    def said(measure: str, form: str, times: float = 1) -> str:
        bounds = (row[f"{measure}{end}"] * times for end in ("", "_low", "_high"))
        return _with_interval(form, *bounds)

    return {
        "Group": row["group"],
        "n": f"{row['n']:,}",
        "MAE (years)": said("mae_years", "{:.2f}"),
        "Bias (years)": said("bias_years", "{:+.2f}"),
        "Gender right (%)": said("gender_accuracy", "{:.1f}", 100),
    }
