"""What an evaluation found of a model, as `metrics.json` and a card hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agemodel.core.json_records import record_from, values_of


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
class ConditionError:
    """The error on n faces under one condition, such as darkness."""

    mae_years: float
    n: int


@dataclass(frozen=True)
class Conditions:
    """What poor quality costs, measured on val faces.

    Attributes:
        usual_mae_years: the error of the faces as they are.
        n: how many faces.
        by_name: the error by the name of a condition of `faces.quality`.
    """

    usual_mae_years: float
    n: int
    by_name: dict[str, ConditionError]

    @classmethod
    def from_values(cls, values: Any) -> Conditions:
        """Read what `conditions.json` holds: the conditions beside the other entries.

        Raises:
            ValueError: it is damaged.
        """
        if not isinstance(values, dict):
            raise ValueError("conditions should be dict")
        found = {k: v for k, v in values.items() if isinstance(v, dict)}
        try:
            return cls(
                float(values["usual_mae_years"]),
                int(values["n"]),
                {name: record_from(ConditionError, one) for name, one in found.items()},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"conditions have no {error}") from error

    def as_values(self) -> dict[str, Any]:
        """What `conditions.json` holds."""
        return {
            "usual_mae_years": self.usual_mae_years,
            "n": self.n,
            **values_of(self.by_name),
        }


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
