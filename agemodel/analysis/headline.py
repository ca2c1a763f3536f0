"""The measures of estimated faces in one row, each with a bootstrap 95 % interval.

A resample is given by how often each face is in it; every measure of it then follows
from sums and cumulative counts. The functions take the table of `read_predicted` and
the faces that count, a mask of shape (n,), one at least.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from agemodel.core.columns import codes_of
from agemodel.core.labels import GENDERS
from agemodel.metrics import measures
from agemodel.metrics.bootstrap import percentile_interval, resample_counts
from agemodel.metrics.measures import CS_YEARS, MEASURES, Score


def measure(predicted: pd.DataFrame, rows: np.ndarray) -> dict[str, float]:
    """All measures of some faces, nan where one is undefined.

    F1 and AUC are undefined where a gender label is missing among the faces.
    """
    part = predicted[rows]
    age, is_female = part["age"].to_numpy(), _is_female(part)
    low, high = part["age_low"].to_numpy(), part["age_high"].to_numpy()
    p_female = part["p_female"].to_numpy()
    has_interval = not (np.isnan(low) | np.isnan(high)).any()
    ones = np.ones((len(part), 1), np.uint8)
    return {
        **measures.age_metrics(age, part["age_years"].to_numpy()),
        **measures.group_metrics(
            codes_of(part["age_group"]), codes_of(part["estimated_group"])
        ),
        "gender_accuracy": float(((p_female >= 0.5) == is_female).mean()),
        **{name: float(one[0]) for name, one in _f1(is_female, p_female, ones).items()},
        "auc": float(_auc(is_female, p_female, ones)[0]),
        **(
            measures.interval_metrics(age, low, high)
            if has_interval
            else {"coverage": float("nan"), "mean_width_years": float("nan")}
        ),
    }


def headline(predicted: pd.DataFrame, rows: np.ndarray) -> dict[str, Score]:
    """By the keys of `MEASURES`, each with its percentile bootstrap 95 % interval."""
    values = measure(predicted, rows)
    drawn = measure_draws(predicted, rows, resample_counts(int(rows.sum())))
    return {
        key: Score(values[key], *percentile_interval(drawn[key]))
        if np.isfinite(values[key])
        else Score(values[key])
        for key in MEASURES
    }


def measure_draws(
    predicted: pd.DataFrame, rows: np.ndarray, counts: np.ndarray
) -> dict[str, np.ndarray]:
    """All measures of every resample.

    Args:
        predicted: the table.
        rows: the faces that count, m of them.
        counts: how often each is in each resample, shape (m, draws).

    Returns:
        By the keys of `MEASURES`, shape (draws,); nan where one is undefined.
    """
    part = predicted[rows]
    age, is_female = part["age"].to_numpy(), _is_female(part)
    error = (part["age_years"].to_numpy(np.float64) - age).astype(np.float32)
    size = np.abs(part["age_years"].to_numpy(np.float64) - age)
    groups_off = np.abs(codes_of(part["estimated_group"]) - codes_of(part["age_group"]))
    low, high = part["age_low"].to_numpy(), part["age_high"].to_numpy()
    p_female = part["p_female"].to_numpy()
    inside = np.where(np.isnan(low), np.nan, (low <= age) & (age <= high))
    columns = {
        "mae_years": size,
        "rmse_years": np.square(error),
        "bias_years": error,
        **{f"cs{years}": size <= years for years in CS_YEARS},
        "group_accuracy": groups_off == 0,
        "group_one_off": groups_off <= 1,
        "gender_accuracy": (p_female >= 0.5) == is_female,
        "coverage": inside,
        "mean_width_years": high - low,
    }
    drawn = _means(columns, counts)
    drawn["rmse_years"] = np.sqrt(drawn["rmse_years"])
    drawn["median_error_years"] = _medians(size, counts)
    drawn |= _f1(is_female, p_female, counts)
    drawn["auc"] = _auc(is_female, p_female, counts)
    return drawn


def _means(columns: dict[str, np.ndarray], counts: np.ndarray) -> dict[str, np.ndarray]:
    """The mean of each column in every resample, each of shape (draws,)."""
    sums = _sums(columns.values(), counts)
    return dict(zip(columns, sums / len(counts), strict=True))


def _sums(columns: Iterable[np.ndarray], counts: np.ndarray) -> np.ndarray:
    """The sum of each column in every resample, shape (columns, draws), float64."""
    table = np.stack([column.astype(np.float32) for column in columns])
    return (table @ counts.astype(np.float32)).astype(np.float64)


def _medians(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The median of every resample, shape (draws,): the mean of its two middle ones."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    cumulated = np.cumsum(counts[order], axis=0, dtype=np.int32)  # (n, draws)
    n = len(values)
    middle = [(cumulated <= place).sum(axis=0) for place in ((n - 1) // 2, n // 2)]
    return (ordered[middle[0]] + ordered[middle[1]]) / 2


def _f1(
    is_female: np.ndarray, p_female: np.ndarray, counts: np.ndarray
) -> dict[str, np.ndarray]:
    """F1 of female and the mean F1 of both labels in every resample: (draws,) each."""
    predicted_female = p_female >= 0.5
    tp, fp, fn, tn = _sums(
        (
            is_female & predicted_female,
            ~is_female & predicted_female,
            is_female & ~predicted_female,
            ~is_female & ~predicted_female,
        ),
        counts,
    )
    has_both = (tp + fn > 0) & (fp + tn > 0)
    wrong = fp + fn
    with np.errstate(invalid="ignore"):
        female = np.where(has_both, 2 * tp / (2 * tp + wrong), np.nan)
        male = np.where(has_both, 2 * tn / (2 * tn + wrong), np.nan)
    return {"f1_female": female, "f1_macro": (female + male) / 2}


def _auc(is_female: np.ndarray, p_female: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The area under the ROC curve in every resample, shape (draws,).

    That is the share of pairs of a female and a male label in which p(female) is
    higher for the first; a tie counts as half a pair (J. A. Hanley and B. J. McNeil,
    Radiology 1982).
    """
    order = np.argsort(p_female, kind="stable")
    ordered, female = p_female[order], is_female[order]
    male_counts = counts[order[~female]]
    below = np.zeros((len(male_counts) + 1, counts.shape[1]), np.float32)
    np.cumsum(male_counts, axis=0, out=below[1:])
    of_males, of_females = ordered[~female], ordered[female]
    lower = np.searchsorted(of_males, of_females, side="left")
    not_higher = np.searchsorted(of_males, of_females, side="right")
    female_counts = counts[order[female]].astype(np.float32)
    pairs = np.einsum("ij,ij->j", female_counts, below[lower] + below[not_higher]) / 2
    total = female_counts.sum(axis=0) * below[-1]
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, pairs.astype(np.float64) / total, np.nan)


def _is_female(predicted: pd.DataFrame) -> np.ndarray:
    return codes_of(predicted["gender"]) == GENDERS.index("female")
