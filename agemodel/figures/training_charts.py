"""Figures of the Training page: how runs learned, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from agemodel.figures.layout import CLEAR, GREY, axis, compact
from agemodel.runs.run_comparison import best_row

RUN_COLOURS = ("#1f9488", "#c67a2c", "#5a7fd0", "#d0566a", "#6f8f2f", "#9a6fc0")
"""Colours of the runs; each stands out from a light and from a dark page."""

VAL = "val_"
KEY = "Drawn through: validation. Dotted: train. The circle is the epoch that is kept."
"""How to read the curves."""

FAR_BETTER = 0.75
"""So small a part of the error on train is left where a run is said to overfit."""
FEW_EPOCHS = 8
"""Up to so many each has a tick; Plotly would put some between them."""
_BEHIND = 0.3


@dataclass(frozen=True)
class EpochMeasure:
    """Something that is measured every epoch.

    Attributes:
        column: of the history; that of val begins with `val_`, where there is one.
        title: what it is.
        axis: what stands at the axis, with the unit.
        form: how a value is written, in d3's format.
    """

    column: str
    title: str
    axis: str
    form: str

    @property
    def is_share(self) -> bool:
        """Whether its values are parts of a whole."""
        return self.form.endswith("%")


EPOCH_MEASURES = (
    EpochMeasure("age_mae_years", "Age: mean absolute error", "MAE (years)", ".2f"),
    EpochMeasure("gender_accuracy", "Gender: share right", "Accuracy", ".1%"),
    EpochMeasure("loss", "Loss, of both together", "Loss", ".4~g"),
    EpochMeasure("age_loss", "Loss of the age", "Loss", ".4~g"),
    EpochMeasure("gender_loss", "Loss of the gender", "Loss", ".4~g"),
    EpochMeasure(
        "learning_rate", "Learning rate at an epoch's first step", "Rate", ".2~e"
    ),
)


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """An exponential moving mean, corrected for its bias to zero at the start.

    As in D. P. Kingma and J. Ba, 'Adam: A Method for Stochastic Optimization', ICLR
    2015, section 3.

    Args:
        values: shape (n,).
        weight: of what came before, 0 for none to below 1.

    Returns:
        Shape (n,), float64.
    """
    mean, found = 0.0, np.empty(len(values))
    for i, value in enumerate(np.asarray(values, np.float64)):
        mean = weight * mean + (1 - weight) * value
        found[i] = mean / (1 - weight ** (i + 1))
    return found


def figure_curves(
    histories: Mapping[str, pd.DataFrame],
    measure: EpochMeasure,
    *,
    smoothing: float = 0.0,
    log: bool = False,
) -> go.Figure:
    """Draw a measure of every run over the epochs, train dotted and val solid.

    A circle on val marks the epoch whose model is kept. The hover shows an epoch's
    whole row.

    Args:
        histories: by run id, as returned by `Run.read_history`.
        measure: one of `EPOCH_MEASURES`.
        smoothing: weight of what came before, 0 for none to below 1; what was measured
            stays behind, faint. A learning rate is never smoothed.
        log: a logarithmic axis, except for shares.
    """
    # A share has both its ends in sight, and a learning rate is set, not measured.
    log = log and not measure.is_share
    smoothing = 0.0 if measure.column == "learning_rate" else smoothing
    figure = go.Figure()
    for number, (name, history) in enumerate(histories.items()):
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        for column in (measure.column, VAL + measure.column):
            if column in history:
                figure.add_traces(
                    _lines(name, history, column, colour, smoothing, log=log)
                )
        if (best := best_row(history)) is not None and VAL + measure.column in history:
            figure.add_trace(_best(history, measure, best, colour, smoothing))
    if len(histories) == 1:
        _name_sides(figure, shaded=not smoothing)
    longest = max((len(history) for history in histories.values()), default=0)
    return compact(
        figure.update_layout(hovermode="closest"),
        height=270,
        xaxis=axis(
            "Epoch",
            range=[0.5, max(longest, 2) + 0.5],
            tickformat="d",
            **({"dtick": 1} if longest <= FEW_EPOCHS else {"nticks": 8}),
        ),
        yaxis=axis(
            measure.axis,
            type="log" if log else "linear",
            tickformat=".0%" if measure.is_share else None,
            nticks=6,
        ),
        legend=sum(bool(trace.showlegend) for trace in figure.data) > 1,
    )


def gap_in_words(history: pd.DataFrame, measure: EpochMeasure) -> str:
    """Train beside validation at the epoch that is kept: `train 3.5, validation 4.5`.

    Args:
        history: as returned by `Run.read_history`.
        measure: one of `EPOCH_MEASURES`; of what validation does not have, nothing.
    """
    best, column = best_row(history), VAL + measure.column
    if best is None or column not in history or measure.column not in history:
        return ""
    row = history.iloc[best]
    train, validation = (
        _value(row[name], measure) for name in (measure.column, column)
    )
    unit = " years" if "years" in measure.axis else ""
    text = f"Train {train}, validation {validation}{unit} at epoch {row['epoch']:.0f}"
    return text + _overfitting_in_words(history, measure, best)


def _overfitting_in_words(
    history: pd.DataFrame, measure: EpochMeasure, best: int
) -> str:
    """The last epoch, where train went on to improve without validation."""
    kept, last = history.iloc[best], history.iloc[-1]
    train, validation = measure.column, VAL + measure.column
    if measure.is_share or last[train] > FAR_BETTER * kept[train]:
        return ""
    if last[validation] < kept[validation]:
        return ""
    return (
        f"; train {_value(last[train], measure)}, validation "
        f"{_value(last[validation], measure)} at the last: it overfits"
    )


def _name_sides(figure: go.Figure, *, shaded: bool) -> None:
    """Call one run's lines train and validation, and shade what lies between."""
    lines = [one for one in figure.data if one.hovertemplate]
    if len(lines) < 2:
        return
    train, validation = lines
    train.update(name="train", showlegend=True)
    validation.update(name="validation", showlegend=True)
    if shaded:
        validation.update(fill="tonexty", fillcolor=GREY)


def _lines(
    name: str,
    history: pd.DataFrame,
    column: str,
    colour: str,
    smoothing: float,
    *,
    log: bool,
) -> list[go.Scatter]:
    is_val = column.startswith(VAL)
    dash = "solid" if is_val else "dot"
    epochs, values = history["epoch"].to_numpy(), history[column].to_numpy()
    if log:  # which has no place for the 0 that a learning rate warms up from
        values = np.where(values > 0, values, np.nan)
    line = go.Scatter(
        x=epochs,
        y=smoothed(values, smoothing) if smoothing else values,
        name=_plain(name),
        showlegend=is_val or VAL + column not in history,
        mode="lines" if len(history) > 1 else "lines+markers",
        line={"color": colour, "width": 1.8, "dash": dash},
        text=[_row_in_words(row) for row in history.to_dict("records")],
        hovertemplate=f"<b>{_plain(name)}</b><br>%{{text}}<extra></extra>",
        hoverlabel={"align": "left"},
    )
    if not smoothing:
        return [line]
    behind = go.Scatter(
        x=epochs,
        y=values,
        mode="lines",
        opacity=_BEHIND,
        showlegend=False,
        line={"color": colour, "width": 1, "dash": dash},
        hoverinfo="skip",
    )
    return [behind, line]


def _best(
    history: pd.DataFrame,
    measure: EpochMeasure,
    best: int,
    colour: str,
    smoothing: float,
) -> go.Scatter:
    values = history[VAL + measure.column].to_numpy()
    drawn = smoothed(values, smoothing) if smoothing else values
    return go.Scatter(
        x=[history["epoch"].iloc[best]],
        y=[drawn[best]],
        showlegend=False,
        mode="markers",
        marker={"size": 9, "color": CLEAR, "line": {"color": colour, "width": 2}},
        hoverinfo="skip",
    )


def _row_in_words(row: dict) -> str:
    """An epoch's row as lines of text, for a hover."""
    lines = [f"epoch {row['epoch']:.0f}"]
    for measure in EPOCH_MEASURES:
        shown = [
            f"{side} {_value(row[column], measure)}"
            for side, column in (
                ("train" if VAL + measure.column in row else "", measure.column),
                ("validation", VAL + measure.column),
            )
            if column in row and not pd.isna(row[column])
        ]
        if shown:
            what = measure.title.split(" at ")[0]
            lines.append(f"{what}: {', '.join(shown).strip()}")
    if "seconds" in row:
        lines.append(f"{row['seconds']:,.0f} seconds")
    return "<br>".join(lines)


def _value(value: float, measure: EpochMeasure) -> str:
    if measure.form.endswith(("%", "f")):
        return f"{value:{measure.form}}"
    return f"{value:.3g}"


def _plain(text: str) -> str:
    """Text that a hover shows literally: without tags or Plotly's placeholders."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return text.replace("%{", "% {")
