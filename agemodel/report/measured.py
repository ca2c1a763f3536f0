"""The report's sections on a run's predictions, a function each.

All take the predictions as returned by `read_predicted`; `rows` is a mask of shape (n,)
of the faces to measure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.analysis import age_errors, certainty, declining, picture_quality
from agemodel.analysis.baselines import KINDS, evaluated_runs
from agemodel.analysis.confusion import (
    OF_TRUE,
    Classes,
    accuracy_in_words,
    classes_of,
    count_cells,
    score_classes,
    share_cells,
)
from agemodel.analysis.fairness import (
    FACTORS,
    GROUP_MEASURES,
    RACE_NOTE,
    gap_in_words,
    group_table,
    grouping_name,
    overall_row,
)
from agemodel.analysis.headline import headline
from agemodel.analysis.predicted_faces import SPLIT_WORDS, Slice, in_slice, splits_in
from agemodel.analysis.systems import systems_beside
from agemodel.figures import evaluation_certainty, evaluation_errors
from agemodel.figures.evaluation_charts import NOTHING, score_text
from agemodel.figures.evaluation_fairness import figure_groups
from agemodel.metrics.measures import (
    INDEX,
    MEASURES,
    MIN_FACES,
    SHARE,
    YEARS,
    Measure,
    Score,
)
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
        Note(
            "No face of these splits was learned from. On validation the epoch and the "
            "calibration were chosen; CORAL test are the test faces of 21 to 60 years "
            "that published work reports on."
        ),
    ]


def _title(measure: Measure) -> str:
    unit = {SHARE: " (%)", YEARS: " (years)", INDEX: ""}[measure.unit]
    return f"{measure.title}{unit}"


def _score(measure: Measure, score: Score) -> str:
    if np.isnan(score.value):
        return "not known"
    bounds = (score.value, score.low, score.high)
    if measure.unit == SHARE:
        return _with_interval("{:.1f}", *(100 * bound for bound in bounds))
    return _with_interval("{:.2f}" if measure.better else "{:+.2f}", *bounds)


def _with_interval(form: str, value: float, low: float, high: float) -> str:
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def systems_of(run: Run, predicted: pd.DataFrame) -> list[Block]:
    """Measures on test beside a guess, other networks, and what others published."""
    systems, reasons = systems_beside(run, predicted, Slice(), evaluated_runs())
    rows = [
        {
            "System": one.name,
            "What": KINDS[one.kind],
            "n": NOTHING if one.n is None else f"{one.n:,}",
        }
        | {
            _title(MEASURES[key]): score_text(key, one.scores[key])
            if key in one.scores
            else NOTHING
            for key in _BESIDE
        }
        | {"Note": one.note}
        for one in systems
    ]
    return [
        Heading("Beside other systems"),
        Table(rows, "On test, with bootstrap 95 % intervals where they are known"),
        *(Note(reason) for reason in reasons),
    ]


def confusions_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Which class was taken for which, and how well each class is found."""
    return [
        piece
        for name, classes in classes_of(predicted).items()
        for piece in (Heading(name), *_confusion(name, classes, rows))
    ]


def _confusion(name: str, classes: Classes, rows: np.ndarray) -> list[Block]:
    """A row a labelled class, a column an estimated one; then each class's scores."""
    counts = count_cells(classes, rows)
    shares = share_cells(counts, OF_TRUE)
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
        for row in score_classes(classes.names, counts).reset_index().to_dict("records")
    ]
    return [
        Paragraph(f"{accuracy_in_words(counts)}."),
        Table(cells, f"{name}: faces, and their share of those labelled so"),
        Table(scores, f"{name}: how well each class is found"),
    ]


def errors_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Errors of the age: over the age, cumulated, and by remark on the picture."""
    running = age_errors.running_errors(predicted, rows)
    scores = age_errors.cumulative_scores(predicted, rows)
    overall = overall_row(predicted, rows)
    pieces: list[Block] = [
        *charted(
            "Estimated against labelled age",
            age_errors.density_in_words(predicted, rows),
            evaluation_errors.figure_density(
                age_errors.count_ages(predicted, rows), running
            ),
            "How many faces of each labelled age were estimated at each age",
        ),
        *charted(
            "Error by labelled age",
            age_errors.running_in_words(running, overall["bias_years"]),
            evaluation_errors.figure_running(running),
            "The median, the mean and the spread of the errors at each labelled age",
        ),
        *charted(
            "Cumulative score",
            age_errors.cumulative_in_words(scores),
            evaluation_errors.figure_cumulative(scores),
            "The share of faces whose age is at most so many years off",
        ),
    ]
    flags = picture_quality.error_by_flag(predicted, rows)
    if not flags.empty:
        names = [picture_quality.flag_words(flag) for flag in flags.index]
        pieces += [
            *charted(
                "Error by remark on the picture",
                picture_quality.flags_in_words(flags),
                evaluation_errors.figure_flags(flags, names, overall["mae_years"]),
                "The mean absolute error of the pictures with each remark",
            ),
        ]
    return pieces


def certainty_of(run: Run, predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Whether intervals and probabilities are right, and what declining would bring."""
    stated = float(run.read_json("calibration.json")["coverage"])
    groups = certainty.coverage_by_age(predicted, rows)
    bins = certainty.reliability(predicted, rows)
    widths = certainty.error_by_width(predicted, rows)
    risk = declining.age_risk(predicted, rows)
    wrong = declining.gender_risk(predicted, rows)
    band = declining.uncertain_band(predicted, rows)
    overall = certainty.overall_coverage(predicted, rows)
    gap = certainty.calibration_error(predicted, rows)
    return [
        *charted(
            "80 % range holds the age",
            certainty.coverage_in_words(groups, overall, stated),
            evaluation_certainty.figure_coverage(groups, stated),
            "The share of ages inside their interval, by labelled age group",
        ),
        *charted(
            "Calibration of the gender probability",
            certainty.reliability_in_words(bins, gap),
            evaluation_certainty.figure_reliability(bins),
            "The share labelled female over the stated probability, and the faces",
        ),
        *charted(
            "Error by the width of the interval",
            certainty.width_in_words(widths),
            evaluation_certainty.figure_width(widths, stated),
            "The mean absolute error, and how often the range holds the age, over the "
            "stated width",
        ),
        *charted(
            "If the model may decline",
            declining.age_risk_in_words(risk),
            evaluation_certainty.figure_age_risk(risk),
            "The mean absolute error of the faces with the narrowest intervals",
        ),
        Paragraph(declining.gender_risk_in_words(wrong, band)),
        Chart(
            evaluation_certainty.figure_gender_risk(wrong, band),
            "The share of wrong genders among the faces with the surest probability",
        ),
    ]


def groups_of(predicted: pd.DataFrame, rows: np.ndarray) -> list[Block]:
    """Errors by gender, race label and age group, with the largest gaps in words."""
    overall = overall_row(predicted, rows)
    pieces: list[Block] = [
        Paragraph(RACE_NOTE),
        Note(
            "A dot is a group, its line the 95 % bootstrap interval; the dotted line "
            f"is all faces. Grey: fewer than {MIN_FACES}, of which nothing is said."
        ),
    ]
    for factors in ((name,) for name in FACTORS):
        found = group_table(predicted, rows, factors)
        gaps = [gap_in_words(found, measure, factors) for measure in GROUP_MEASURES]
        title = grouping_name(factors)
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
