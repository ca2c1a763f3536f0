"""Small counts are hidden, and others with them that would reveal them; NumPy only.

The rule of official statistics: a count below a limit is not shown (primary
suppression). Where the total of its row or column is, the count is the difference
between that and the other counts; so more are hidden until the differences say nothing
of a count below the limit (complementary suppression).
"""

from __future__ import annotations

import numpy as np

LEAST_COUNT = 10
"""A count below it is hidden."""


def hidden_counts(
    counts: np.ndarray, least: float = LEAST_COUNT, also: np.ndarray | None = None
) -> np.ndarray:
    """Which counts of a table may not be shown beside its totals.

    Totals are taken to be shown where they are not below `least` themselves.

    Args:
        counts: shape (rows, columns) or (n,), not negative; may have fractions.
        least: a count from this on may be shown; 1 or less shows all.
        also: others that are hidden, of the same shape, bool.

    Returns:
        Of the same shape, bool.
    """
    table = np.asarray(counts, float)
    hidden = (table < least) & (least > 1)
    if also is not None:
        hidden |= also
    if table.ndim == 1:
        _complete(table, hidden, least)
        return hidden
    before = -1
    while hidden.sum() != before:
        before = hidden.sum()
        for row in range(len(table)):
            _complete(table[row], hidden[row], least)
        for column in range(table.shape[1]):
            _complete(table[:, column], hidden[:, column], least)
    return hidden


def _complete(line: np.ndarray, hidden: np.ndarray, least: float) -> None:
    """Hide more counts of a line, the smallest first, until its total reveals none.

    The hidden ones must be two at least, and together reach the limit.
    """
    while (
        hidden.any()
        and not hidden.all()
        and (hidden.sum() < 2 or line[hidden].sum() < least)
    ):
        hidden[np.argmin(np.where(hidden, np.inf, line))] = True
