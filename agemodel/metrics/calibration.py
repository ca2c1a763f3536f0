"""From a network's outputs to statements that keep their word.

Everything here is chosen on val faces and only applied elsewhere.

The interval is label-conditional and conformal (V. Vovk, 'Conditional Validity of
Inductive Conformal Predictors', Machine Learning, 2013): an age belongs to it unless it
lies too far out in the face's predicted distribution, and how far is too far, val faces
of that and of neighbouring ages tell. So the interval is wide where the distribution
is, and holds the asked share of the young and of the old alike, although networks draw
both towards the middle. A network without a distribution gets one width for all.

The probability of 'female' is Platt-scaled (Platt, 1999), and 'uncertain' is said in
the narrowest band around one half outside of which, with nine chances in ten, the asked
share of faces is right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agemodel.core.labels import AGES
from agemodel.metrics.distributions import cumulative_at
from agemodel.metrics.measures import wilson_interval

COVERAGE = 0.8
CERTAIN_ACCURACY = 0.985
KERNEL_SD = 0.4
"""How far an age's neighbours reach, in square roots of years: some 4 years at 25."""

_LEAST_REACH_YEARS = 1e-6
_Z_NINE_IN_TEN = 1.2816
"""A share is at least Wilson's lower bound, by this, with nine chances in ten."""


@dataclass(frozen=True)
class Calibration:
    """What val faces taught.

    Attributes:
        coverage: share of faces whose age the interval is to contain.
        central_shares: for each of `labels.AGES` the central share of a distribution,
            0..1, in which that age must lie to be in the interval; None where there is
            no distribution.
        half_width_years: of the interval where there is no distribution, else None.
        gender_slope: of the Platt scaling, logit -> logit.
        gender_offset: likewise.
        uncertain_above: p_female in uncertain_above..1 - uncertain_above is
            'uncertain'; 0.5 when nothing is.
        faces: how many val faces it was chosen on.
    """

    coverage: float
    central_shares: list[float] | None
    half_width_years: float | None
    gender_slope: float
    gender_offset: float
    uncertain_above: float
    faces: int

    def interval(
        self, age_years: np.ndarray, age_probabilities: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the intervals, each of shape (n,), in years.

        Args:
            age_years: the estimates, shape (n,); from 0 on they lie inside their
                intervals.
            age_probabilities: shape (n, 116), or None.
        """
        if self.central_shares is None or age_probabilities is None:
            half = self.half_width_years or 0.0
            low, high = age_years - half, age_years + half
        else:
            shares = np.array(self.central_shares)
            low, high = _label_conditional(age_years, age_probabilities, shares)
        low = np.clip(np.minimum(low, age_years), 0, None)
        return low, np.maximum(np.maximum(high, age_years), low)

    def probability(self, p_female: np.ndarray) -> np.ndarray:
        """The network's p(female), calibrated; any shape."""
        logit = self.gender_slope * _logit(p_female) + self.gender_offset
        return 1 / (1 + np.exp(-logit))

    def gender(self, p_female: float) -> str:
        """'female', 'male' or 'uncertain', of a calibrated probability."""
        if self.uncertain_above < p_female < 1 - self.uncertain_above:
            return "uncertain"
        return "female" if p_female >= 0.5 else "male"


def calibrate(
    true_ages: np.ndarray,
    true_genders: np.ndarray,
    age_years: np.ndarray,
    age_probabilities: np.ndarray | None,
    p_female: np.ndarray,
    weights: np.ndarray | None = None,
) -> Calibration:
    """Choose a calibration on val faces.

    Args:
        true_ages: shape (n,), years; nan where it is not known.
        true_genders: shape (n,), 0 male, 1 female, less where it is not known.
        age_years: the network's estimates, shape (n,).
        age_probabilities: its distributions, shape (n, 116), or None.
        p_female: its probabilities, shape (n,).
        weights: how much each face counts for the interval where there are
            distributions, shape (n,); all alike unless given.
    """
    half_width = shares = None
    aged, gendered = np.isfinite(true_ages), true_genders >= 0
    if age_probabilities is None:
        errors = np.abs(true_ages - age_years)[aged]
        half_width = float(_conformal_quantile(errors, COVERAGE))
    else:
        of_each = np.ones(len(aged)) if weights is None else weights
        shares = _central_shares(
            true_ages[aged], age_years[aged], age_probabilities[aged], of_each[aged]
        ).tolist()
    p_female, true_genders = p_female[gendered], true_genders[gendered]
    slope, offset = _fit_platt(p_female, true_genders)
    partial = Calibration(
        COVERAGE, shares, half_width, slope, offset, 0.5, int(aged.sum())
    )
    threshold = _uncertain_above(partial.probability(p_female), true_genders)
    return replace(partial, uncertain_above=threshold)


def widened(
    age_years: np.ndarray, low: np.ndarray, high: np.ndarray, factor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals whose ends lie further from the estimates by a factor.

    Args:
        age_years: the estimates, shape (n,), inside their intervals.
        low: lower bounds, shape (n,).
        high: upper bounds, shape (n,).
        factor: 1 leaves them as they are.

    Returns:
        Bounds, each of shape (n,), years, between 0 and the highest age or bound.
    """
    most = np.maximum(high, AGES[-1])
    return (
        np.clip(age_years - factor * (age_years - low), 0, None),
        np.minimum(age_years + factor * (high - age_years), most),
    )


def widening_of(
    true_ages: np.ndarray, age_years: np.ndarray, low: np.ndarray, high: np.ndarray
) -> float:
    """The factor with which `widened` intervals hold `COVERAGE` of some faces' ages.

    It is a conformal quantile of the factors that the faces ask for, 1 at least.

    Args:
        true_ages: shape (n,), years.
        age_years: the estimates, shape (n,).
        low: lower bounds, shape (n,).
        high: upper bounds, shape (n,).
    """
    distance = true_ages - age_years
    reach = np.where(distance > 0, high - age_years, age_years - low)
    asked = np.abs(distance) / np.maximum(reach, _LEAST_REACH_YEARS)
    return max(1.0, _conformal_quantile(asked, COVERAGE))


def _label_conditional(
    age_years: np.ndarray, age_probabilities: np.ndarray, central_shares: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The ages around each estimate that do not lie too far out.

    Args:
        age_years: the estimates, shape (n,).
        age_probabilities: shape (n, 116).
        central_shares: shape (116,).

    Returns:
        Bounds, each of shape (n,), years, interpolated between the ages. Only the
        stretch of ages that touches the estimate counts.
    """
    below = np.cumsum(age_probabilities, axis=1, dtype=np.float64)
    below -= age_probabilities / 2  # at each age: at the middle of its bin
    margins = central_shares - 2 * np.abs(below - 0.5)
    start = np.clip(np.rint(age_years).astype(int), AGES[0], AGES[-1]) - AGES[0]
    low = AGES[0] + _end_of_stretch(margins, start)
    high = AGES[-1] - _end_of_stretch(margins[:, ::-1], len(AGES) - 1 - start)
    return low, high


def _end_of_stretch(margins: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Where margins, shape (n, k), fall below zero going left from columns (n,).

    Returns:
        Shape (n,), columns with a fraction; -0.5 where they never do.
    """
    columns = np.arange(margins.shape[1])
    is_outside = (margins < 0) & (columns <= start[:, None])
    last = np.where(is_outside, columns, -1).max(1)
    rows, left = np.arange(len(margins)), np.maximum(last, 0)
    right = np.minimum(left + 1, margins.shape[1] - 1)
    missing = -margins[rows, left]
    step = np.maximum(margins[rows, right] + missing, 1e-12)
    ends = np.where(last < start, last + missing / step, start)
    return np.where(last < 0, -0.5, ends)


def _central_shares(
    true_ages: np.ndarray,
    age_years: np.ndarray,
    age_probabilities: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """How far out each age may lie in a distribution, shape (116,), from val faces.

    For each age a quantile over all faces, weighted by how near their true age is; the
    quantile is the least with which the asked share of faces, and one more, lie inside.
    """
    weights = weights * len(weights) / weights.sum()
    outness = 2 * np.abs(cumulative_at(age_probabilities, true_ages) - 0.5)
    order = np.argsort(outness)
    apart = np.sqrt(AGES)[:, None] - np.sqrt(true_ages[order])  # (116, n)
    near = np.exp(-0.5 * np.square(apart / KERNEL_SD)) * weights[order]
    ranks = np.cumsum(near, axis=1)
    ranks /= ranks[:, -1:]

    def shares(level: float) -> np.ndarray:
        return np.array([np.interp(level, row, outness[order]) for row in ranks])

    asked = min(np.ceil((len(true_ages) + 1) * COVERAGE), len(true_ages))
    least, most = 0.0, 1.0
    for _ in range(20):
        middle = (least + most) / 2
        low, high = _label_conditional(age_years, age_probabilities, shares(middle))
        inside = weights @ ((low <= true_ages) & (true_ages <= high))
        least, most = (least, middle) if inside >= asked else (middle, most)
    return shares(most)


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
    trials = np.arange(1, len(order) + 1)
    share_right, _ = wilson_interval(np.cumsum(right[order]), trials, _Z_NINE_IN_TEN)
    if share_right[-1] >= CERTAIN_ACCURACY:
        return 0.5
    # Equally sure faces are on the same side of the edge.
    last_of_equals = np.append(np.diff(sureness[order]) < 0, True)
    enough = np.flatnonzero((share_right >= CERTAIN_ACCURACY) & last_of_equals)
    if len(enough) == 0:
        return 0.0
    last_in, first_out = sureness[order[enough[-1] : enough[-1] + 2]]
    return float(0.5 - (last_in + first_out) / 2)


def _logit(p: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(p, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
