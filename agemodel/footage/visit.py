"""A visit: one person's stay in view, with an age from the best looks.

The ages of a visit are the mean of the distributions of its best looks, never their
product: looks at one person err alike, and a product takes them for independent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.tracking import Track
from agemodel.metrics.calibration import Calibration, widened
from agemodel.metrics.distributions import median_age

NO_GOOD_LOOK = "No look showed the face well enough for an age"


@dataclass(frozen=True)
class Visit:
    """One person's stay in view.

    Attributes:
        clip: the name of the clip.
        start_s: when the face was first seen, seconds since the clip's beginning.
        end_s: when it was last seen.
        looks: frames that show it.
        looks_used: how many of them the age is from.
        size_px: median side of the face in the looks used, else in the last look.
        age_years: median of the mean distribution; None where there is a reason.
        age_low: lower end of the 80 % interval.
        age_high: upper end.
        age_probabilities: the mean distribution, 116 numbers; empty without an age.
        p_female: mean over the looks used; None without an age.
        gender: 'female', 'male' or 'uncertain'; empty without an age.
        reason: why there is no age, a sentence.
    """

    clip: str
    start_s: float
    end_s: float
    looks: int
    looks_used: int
    size_px: float
    age_years: float | None = None
    age_low: float | None = None
    age_high: float | None = None
    age_probabilities: tuple[float, ...] = ()
    p_female: float | None = None
    gender: str = ""
    reason: str | None = None

    @property
    def seconds(self) -> float:
        """How long the face was in view."""
        return self.end_s - self.start_s


def is_visit(track: Track, settings: FootageSettings) -> bool:
    """Whether a track was seen often enough, as a face beyond doubt."""
    return track.sure_looks >= settings.least_looks


def visit_of(track: Track, clip: str, calibration: Calibration) -> Visit:
    """Sum a track up.

    Args:
        track: one that has ended.
        clip: the name of its clip.
        calibration: of the model.
    """
    best = track.best_looks
    start_s, end_s = round(track.start_s, 3), round(track.end_s, 3)
    if not best:
        size = round(track.last.quality.size_px, 1)
        reason = _reason(track.reasons)
        return Visit(clip, start_s, end_s, track.looks, 0, size, reason=reason)
    probabilities = np.mean([look.age_probabilities for look in best], axis=0)
    probabilities = (probabilities / probabilities.sum())[None]
    ages = median_age(probabilities)
    low, high = calibration.interval(ages, probabilities)
    factor = float(np.median([look.widening for look in best]))
    low, high = widened(ages, low, high, factor)
    p_female = float(np.mean([look.p_female for look in best]))
    return Visit(
        clip=clip,
        start_s=start_s,
        end_s=end_s,
        looks=track.looks,
        looks_used=len(best),
        size_px=round(float(np.median([look.quality.size_px for look in best])), 1),
        age_years=round(float(ages[0]), 2),
        age_low=round(float(low[0]), 2),
        age_high=round(float(high[0]), 2),
        age_probabilities=tuple(probabilities[0].astype(float).round(5).tolist()),
        p_female=round(p_female, 4),
        gender=calibration.gender(p_female),
    )


def _reason(reasons: Counter[str]) -> str:
    if not reasons:
        return f"{NO_GOOD_LOOK}: turned away, small or perhaps no face."
    return f"{NO_GOOD_LOOK}: {reasons.most_common(1)[0][0].lower()}."
