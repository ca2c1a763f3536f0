"""What an evaluation found of a model, as `metrics.json` and a card hold it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

NO_AGE_SHARE = 0.5
"""No age is stated where the average error is this share, or more, of the error of one
and the same age for everybody: then a face tells less than half of its age."""


@dataclass(frozen=True)
class Metrics:
    """The measures of some faces, as returned by `measures.summarise`.

    Attributes:
        n: how many faces.
        mae_years: mean absolute error of the age.
        median_error_years: half of the ages are off by less.
        rmse_years: root of the mean squared error.
        bias_years: mean of estimate less label.
        cs1: share, 0..1, of ages off by at most 1 year.
        cs3: by at most 3.
        cs5: by at most 5.
        cs10: by at most 10.
        mae_years_95: the 95 % interval of the MAE.
        group_accuracy: share of age groups that are right.
        group_one_off: share that are right or neighbours of the right one.
        coverage: share of ages inside their interval.
        mean_width_years: mean width of the interval.
        gender_accuracy: share of the more probable gender labels that are right.
        gender_calibration_error: expected calibration error of p(female).
        gender_accuracy_95: its 95 % interval.
        uncertain_share: share of faces whose gender is left open.
        decided_gender_accuracy: of the other faces; None where there is none.
    """

    n: int
    mae_years: float
    median_error_years: float
    rmse_years: float
    bias_years: float
    cs1: float
    cs3: float
    cs5: float
    cs10: float
    mae_years_95: tuple[float, ...]
    group_accuracy: float
    group_one_off: float
    coverage: float
    mean_width_years: float
    gender_accuracy: float
    gender_calibration_error: float
    gender_accuracy_95: tuple[float, ...]
    uncertain_share: float
    decided_gender_accuracy: float | None


GroupMetrics = dict[str, dict[str, Metrics]]
"""Metrics by label (`age_group`, `gender`, `race`) and by its value."""


@dataclass(frozen=True)
class ConditionBin:
    """What was measured on faces of about one value of a condition's measure.

    Attributes:
        at: the value, in the measure's unit: px, degrees and so on.
        n: how many faces.
        mae_years: their error.
        coverage: share of their ages inside the interval, not widened.
        widening: the factor on the distances of the interval's ends from the estimate
            with which the interval holds its share of them.
        coverage_widened: share of the ages inside the widened interval, where each
            half of the faces is widened by what the other half asks for.
    """

    at: float
    n: int
    mae_years: float
    coverage: float
    widening: float
    coverage_widened: float


@dataclass(frozen=True)
class Conditions:
    """What poor quality costs, measured on val faces.

    Attributes:
        usual_mae_years: the error of the faces as they are.
        n: how many faces.
        same_age_mae_years: the error of always answering their median age; None in the
            card of an earlier version, which has no curves.
        curves: bins in ascending order, by the name of a condition of `faces.quality`.
    """

    usual_mae_years: float
    n: int
    same_age_mae_years: float | None = None
    curves: dict[str, tuple[ConditionBin, ...]] = field(default_factory=dict)

    @property
    def no_age_from_years(self) -> float:
        """The error from which on no age is stated."""
        return NO_AGE_SHARE * (self.same_age_mae_years or np.inf)

    def cost_at(self, name: str, value: float) -> ConditionCost | None:
        """The cost at a value of a condition's measure, interpolated between bins.

        Beyond the bins it is that of the nearest; None where none was measured.
        """
        bins = self.curves.get(name)
        if not bins:
            return None
        at = [one.at for one in bins]
        return ConditionCost(
            float(np.clip(value, at[0], at[-1])),
            float(np.interp(value, at, [one.mae_years for one in bins])),
            float(np.interp(value, at, [one.widening for one in bins])),
        )


@dataclass(frozen=True)
class ConditionCost:
    """The error and the factor on the interval on faces of about one value."""

    at: float
    mae_years: float
    widening: float


@dataclass(frozen=True)
class Stability:
    """How steady the estimates of the same face are under small changes.

    Attributes:
        n: how many faces; the rest is None where there is none.
        jitters: how often each was changed.
        median_range_years: of the largest less the smallest estimate of a face.
        p90_range_years: for one face in ten it is larger.
    """

    n: int
    jitters: int | None = None
    median_range_years: float | None = None
    p90_range_years: float | None = None


@dataclass(frozen=True)
class FaceCounts:
    """How many faces a run was trained and evaluated on.

    Attributes:
        total: all of them.
        parts: by train, val and test.
        not_found: in so many no face was found, which keep their own framing.
        not_searched: in so many none was searched.
    """

    total: int
    parts: dict[str, int]
    not_found: int | None = None
    not_searched: int | None = None
