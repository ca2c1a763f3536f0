"""How the estimates did on faces of known age."""

from __future__ import annotations

from collections.abc import Iterable

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
    faces = "1 face" if len(pairs) == 1 else f"{len(pairs):,} faces"
    return (
        f"{faces} of known age: off by {mean:.1f} years on average; {inside:,} of "
        f"{len(pairs):,} inside the range"
    )
