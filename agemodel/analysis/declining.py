"""What the model would gain if it estimated only the faces that it is sure of.

Every function takes the table of `read_predicted` and the faces that count, a mask
of shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import percent
from agemodel.analysis.certainty import widths_of

KEPT_SHARES = np.arange(1, 101) / 100


@dataclass(frozen=True)
class Band:
    """The probabilities for which the model leaves the gender open.

    Attributes:
        low: the least p(female) that it left open.
        high: the greatest.
        kept: share of the faces whose gender it decided, 0..1.
        error: share of wrong ones among these, 0..1; nan of none.
    """

    low: float
    high: float
    kept: float
    error: float


def age_risk(predicted: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """The mean absolute error of the faces with the narrowest intervals.

    Returns:
        `mae_years`, indexed by the share of faces that is kept, 0..1; faces of equal
        width are kept or left together.
    """
    sureness = -widths_of(predicted)[rows]
    errors = predicted["abs_error"].to_numpy(np.float64)[rows]
    return _risk(sureness, errors).rename("mae_years")


def gender_risk(predicted: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """The share of wrong genders among the faces with the surest, as `age_risk`."""
    sureness = np.abs(predicted["p_female"].to_numpy(np.float64)[rows] - 0.5)
    wrong = predicted["gender_wrong"].to_numpy(np.float64)[rows]
    return _risk(sureness, wrong).rename("error")


def uncertain_band(predicted: pd.DataFrame, rows: np.ndarray) -> Band | None:
    """Where the model leaves the gender open; None where it never does.

    The band is that of all faces of the table, its share and error those of `rows`.
    """
    decided = predicted["decided"].to_numpy(bool)
    left_open = predicted["p_female"].to_numpy()[~decided]
    if not len(left_open) or not rows.any():
        return None
    wrong = predicted["gender_wrong"].to_numpy(bool)[rows & decided]
    return Band(
        low=float(left_open.min()),
        high=float(left_open.max()),
        kept=float(decided[rows].mean()),
        error=float(wrong.mean()) if len(wrong) else np.nan,
    )


def age_risk_in_words(risk: pd.Series) -> str:
    """What declining the less sure half of the ages would bring.

    Args:
        risk: as returned by `age_risk`.
    """
    if len(risk) < 2:
        return "All intervals are equally wide: none is to be declined before another."
    kept = risk.index.to_numpy(np.float64)
    half = int(np.abs(kept - 0.5).argmin())
    return (
        f"Were only the {kept[half] * 100:.0f} % of the faces with the narrowest "
        f"intervals estimated, the mean absolute error would be {risk.iloc[half]:.2f} "
        f"instead of {risk.iloc[-1]:.2f} years."
    )


def gender_risk_in_words(risk: pd.Series, band: Band | None) -> str:
    """What leaving the gender open brings.

    Args:
        risk: as returned by `gender_risk`.
        band: as returned by `uncertain_band`.
    """
    wrong = percent(risk.iloc[-1])
    every = f"{wrong} of the genders are estimated otherwise than labelled."
    if band is None:
        return f"{every} None is left open."
    words = (
        f"{every} The gender is left open where p(female) lies from "
        f"{band.low:.3f} to {band.high:.3f}, for {percent(1 - band.kept)} of the faces"
    )
    if np.isnan(band.error):
        return f"{words}."
    return f"{words}; of the others {percent(band.error)} are estimated otherwise."


def _risk(sureness: np.ndarray, losses: np.ndarray) -> pd.Series:
    """The mean loss of the surest faces, by the share that they are of all."""
    order = np.argsort(-sureness, kind="stable")
    n = len(order)
    means = np.cumsum(losses[order]) / np.arange(1, n + 1)
    last_of_equals = np.flatnonzero(np.append(np.diff(sureness[order]) < 0, True))
    asked = np.ceil(KEPT_SHARES * n).astype(int) - 1
    ends = last_of_equals[np.searchsorted(last_of_equals, asked)]
    ends = np.unique(ends)
    return pd.Series(means[ends], pd.Index((ends + 1) / n, name="kept"))
