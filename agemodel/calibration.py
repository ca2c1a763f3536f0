"""From a network's outputs to statements that keep their word.

Everything here is chosen on val faces and only applied elsewhere.

The interval is split-conformal (Vovk et al., 'Algorithmic Learning in a Random World',
2005; Romano et al., 'Conformalized Quantile Regression', NeurIPS 2019) on the nested
central intervals of the predicted distribution: the share t that is cut off each tail
is chosen so that the asked share of val faces lies inside. So the interval is wide
where the distribution is. A network without a distribution gets one width for all.

The probability of 'female' is Platt-scaled (Platt, 1999), and 'uncertain' is said in
the narrowest band around one half outside of which the asked share of val faces is
right.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from agemodel.labels import AGES

COVERAGE = 0.8
CERTAIN_ACCURACY = 0.985
_EDGES = np.concatenate([AGES - 0.5, [AGES[-1] + 0.5]])


@dataclass(frozen=True)
class Calibration:
    """What val faces taught.

    Attributes:
        coverage: share of faces whose age the interval is to contain.
        tail: share of the distribution cut off each side, 0..0.5; None where there
            is no distribution.
        half_width_years: of the interval where there is no distribution, else None.
        gender_slope: of the Platt scaling, logit -> logit.
        gender_offset: likewise.
        uncertain_above: p_female in uncertain_above..1 - uncertain_above is
            'uncertain'; 0.5 when nothing is.
        faces: how many val faces it was chosen on.
    """

    coverage: float
    tail: float | None
    half_width_years: float | None
    gender_slope: float
    gender_offset: float
    uncertain_above: float
    faces: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def interval(
        self, age_years: np.ndarray, age_probabilities: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the intervals, each of shape (n,), in years.

        Args:
            age_years: the estimates, shape (n,); they lie inside their intervals.
            age_probabilities: shape (n, 116), or None.
        """
        if self.tail is None or age_probabilities is None:
            half = self.half_width_years or 0.0
            low, high = age_years - half, age_years + half
        else:
            low = quantile(age_probabilities, self.tail)
            high = quantile(age_probabilities, 1 - self.tail)
        low = np.clip(np.minimum(low, age_years), 0, None)
        return low, np.maximum(high, age_years)

    def probability(self, p_female: np.ndarray) -> np.ndarray:
        """The network's p(female), calibrated; any shape."""
        logit = self.gender_slope * _logit(p_female) + self.gender_offset
        return 1 / (1 + np.exp(-logit))

    def gender(self, p_female: float) -> str:
        """'female', 'male' or 'uncertain', of a calibrated probability."""
        if self.uncertain_above < p_female < 1 - self.uncertain_above:
            return "uncertain"
        return "female" if p_female >= 0.5 else "male"


def quantile(age_probabilities: np.ndarray, share: float) -> np.ndarray:
    """The age below which a share of each distribution lies.

    Within a bin of a year (k - 0.5 to k + 0.5) the probability is spread evenly.

    Args:
        age_probabilities: shape (n, 116), each row sums to 1.
        share: 0..1.

    Returns:
        Shape (n,), years.
    """
    ends = np.cumsum(age_probabilities, axis=1, dtype=np.float64)
    bins = np.minimum((ends < share).sum(1), ends.shape[1] - 1)
    rows = np.arange(len(ends))
    mass = np.maximum(age_probabilities[rows, bins], 1e-12)
    part = 1 - (ends[rows, bins] - share) / mass
    return _EDGES[bins] + np.clip(part, 0, 1)


def cumulative_at(age_probabilities: np.ndarray, age_years: np.ndarray) -> np.ndarray:
    """Share of each distribution below an age, shape (n,); inverse of `quantile`."""
    position = np.clip(np.asarray(age_years) - _EDGES[0], 0, len(AGES))
    bins = np.minimum(position.astype(int), len(AGES) - 1)
    rows = np.arange(len(bins))
    ends = np.cumsum(age_probabilities, axis=1, dtype=np.float64)
    mass = age_probabilities[rows, bins]
    return ends[rows, bins] - mass * (1 - (position - bins))


def calibrate(
    true_ages: np.ndarray,
    true_genders: np.ndarray,
    age_years: np.ndarray,
    age_probabilities: np.ndarray | None,
    p_female: np.ndarray,
) -> Calibration:
    """Choose a calibration on val faces.

    Args:
        true_ages: shape (n,), years.
        true_genders: shape (n,), 0 male, 1 female.
        age_years: the network's estimates, shape (n,).
        age_probabilities: its distributions, shape (n, 116), or None.
        p_female: its probabilities, shape (n,).
    """
    tail = half_width = None
    if age_probabilities is None:
        errors = np.abs(true_ages - age_years)
        half_width = float(_conformal_quantile(errors, COVERAGE))
    else:
        below = cumulative_at(age_probabilities, true_ages)
        inner = np.minimum(below, 1 - below)
        tail = float(np.clip(-_conformal_quantile(-inner, COVERAGE), 0, 0.5))
    slope, offset = _fit_platt(p_female, true_genders)
    partial = Calibration(
        COVERAGE, tail, half_width, slope, offset, 0.5, len(true_ages)
    )
    threshold = _uncertain_above(partial.probability(p_female), true_genders)
    return Calibration(
        COVERAGE, tail, half_width, slope, offset, threshold, len(true_ages)
    )


def _conformal_quantile(scores: np.ndarray, share: float) -> float:
    """The smallest score that covers a share of new ones, after n seen."""
    rank = int(np.ceil((len(scores) + 1) * share))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def _fit_platt(p_female: np.ndarray, genders: np.ndarray) -> tuple[float, float]:
    """Logistic regression of the label on the logit, by Newton's method."""
    design = np.stack([_logit(p_female), np.ones(len(p_female))], axis=1)  # (n, 2)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - genders) + 1e-3 * (weights - [1.0, 0.0])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[0]), float(weights[1])


def _uncertain_above(p_female: np.ndarray, genders: np.ndarray) -> float:
    """The lower edge of the narrowest band outside of which enough are right."""
    sureness = np.abs(p_female - 0.5)
    order = np.argsort(-sureness)
    right = (p_female >= 0.5) == (genders == 1)
    share_right = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    if share_right[-1] >= CERTAIN_ACCURACY:
        return 0.5
    # Equally sure faces are on the same side of the edge.
    last_of_equals = np.append(np.diff(sureness[order]) < 0, True)
    enough = np.flatnonzero((share_right >= CERTAIN_ACCURACY) & last_of_equals)
    if len(enough) == 0:
        return 0.0
    return float(0.5 - sureness[order[enough[-1]]])


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(p, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
