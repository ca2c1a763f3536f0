"""Limits of the benchmarks, and whether they were kept."""

from __future__ import annotations

from typing import Any


def at_most(what: str, measured: float, limit: float) -> dict[str, Any]:
    """A limit from above; `what` names the quantity and its unit."""
    return _limit(what, measured, limit, "at most", measured <= limit)


def at_least(what: str, measured: float, limit: float) -> dict[str, Any]:
    """A limit from below; `what` names the quantity and its unit."""
    return _limit(what, measured, limit, "at least", measured >= limit)


def _limit(
    what: str, measured: float, limit: float, side: str, kept: bool
) -> dict[str, Any]:
    return {
        "what": what,
        "side": side,
        "limit": limit,
        "measured": float(f"{measured:.5g}"),
        "kept": bool(kept),
    }
