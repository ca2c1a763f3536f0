"""What a drill finds: a promise, what was measured, and whether it was kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One figure of a drill, beside what was promised."""

    what: str  # was measured, as a phrase: 'Longest answer'
    measured: str  # as it is shown, with its unit: '0.31 s'
    # the limit, likewise: 'at most 2 s'; empty for a plain statement
    promised: str = ""
    # whether the figure is within the limit; None where nothing was promised
    kept: bool | None = None


def at_most(
    what: str, value: float, limit: float, unit: str, digits: int = 0
) -> Finding:
    """A figure that must not exceed a limit, which has no digits if it is whole."""
    measured = f"{value:,.{digits}f} {unit}".strip()
    most = f"at most {limit:,.{0 if limit == int(limit) else digits}f} {unit}".strip()
    return Finding(what, measured, most, bool(value <= limit))


def none_of(what: str, count: int, of: int) -> Finding:
    """Something that must not have happened once."""
    return Finding(what, f"{count:,} of {of:,}", "none", not count)


def no(what: str, count: int) -> Finding:
    """Something that must not be found."""
    return Finding(what, f"{count:,}", "none", not count)


def all_of(what: str, count: int, of: int) -> Finding:
    """Something that must have happened every time, and more than never."""
    return Finding(what, f"{count:,} of {of:,}", "all", bool(count == of and of > 0))
