"""How the estimates did on faces of known age."""

from __future__ import annotations

from collections.abc import Iterable

from agemodel.core.words import counted
from agemodel.serving.photo_estimates import PhotoResult


def score_in_words(results: Iterable[PhotoResult]) -> str:
    """How the estimates did on all faces of known age; empty where there is none."""
    pairs = [
        (result.known_ages[number], estimate)
        for result in results
        for number, estimate in enumerate(result.estimates)
        if number in result.known_ages and estimate.reason is None
    ]
    if not pairs:
        return ""
    mean = sum(k.error_years(e.age_years) for k, e in pairs) / len(pairs)
    inside = sum(k.is_inside(e.age_low, e.age_high) for k, e in pairs)
    return (
        f"{counted(len(pairs), 'face')} of known age: off by {mean:.1f} years on "
        f"average; {inside:,} of {len(pairs):,} inside the range"
    )
