"""Figures of following: how far the count is off, and IDF1, with their limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.speed_limits import at_least, at_most
from tests.harness.made_scenes import Followed

MOST_COUNT_ERROR, LEAST_IDF1 = 0.05, 0.90


def following_figures(followed: Sequence[Followed]) -> dict[str, Any]:
    """Of several scenes: all their visits, and the mean IDF1."""
    visits = sum(one.visits for one in followed)
    counted = sum(one.counted for one in followed)
    return {
        "visits": visits,
        "counted": counted,
        "count_error": round(counted / visits - 1, 4),
        "idf1": round(float(np.mean([one.idf1 for one in followed])), 4),
    }


def following_limits(scenes: str, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The limits of such figures."""
    error = abs(figures["count_error"])
    return [
        at_most(f"count error, share, {scenes}", error, MOST_COUNT_ERROR),
        at_least(f"IDF1, {scenes}", figures["idf1"], LEAST_IDF1),
    ]
