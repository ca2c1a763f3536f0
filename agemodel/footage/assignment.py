"""The cheapest way to pair rows with columns: the Hungarian algorithm."""

from __future__ import annotations

import numpy as np


def cheapest_pairs(costs: np.ndarray) -> list[tuple[int, int]]:
    """Pair each row with a column of its own so that the costs' sum is the least.

    By shortest augmenting paths (R. Jonker and A. Volgenant, Computing, 1987), in time
    of the third power of the number of rows.

    Args:
        costs: shape (rows, columns), all finite.

    Returns:
        As many pairs (row, column) as the shorter side has, by row.
    """
    rows, columns = costs.shape
    if rows > columns:
        return sorted((row, col) for col, row in cheapest_pairs(costs.T))
    row_of = np.full(columns + 1, -1)  # the last column is where a path begins
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    for row in range(rows):
        _augment(costs, row, row_of, row_price, column_price)
    pairs = ((int(row_of[col]), col) for col in range(columns))
    return sorted(pair for pair in pairs if pair[0] >= 0)


def _augment(
    costs: np.ndarray,
    row: int,
    row_of: np.ndarray,
    row_price: np.ndarray,
    column_price: np.ndarray,
) -> None:
    """Pair one more row, moving others where that is cheaper."""
    columns = costs.shape[1]
    row_of[columns] = row
    least, before = np.full(columns, np.inf), np.full(columns, columns)
    is_used = np.zeros(columns + 1, bool)
    column = columns
    while row_of[column] >= 0:
        is_used[column] = True
        at, free = row_of[column], ~is_used[:columns]
        slack = costs[at] - row_price[at] - column_price
        better = free & (slack < least)
        least[better], before[better] = slack[better], column
        following = int(np.argmin(np.where(free, least, np.inf)))
        step = least[following]
        row_price[row_of[is_used]] += step
        column_price[is_used[:columns]] -= step
        least[free] -= step
        column = following
    while column != columns:
        row_of[column] = row_of[before[column]]
        column = int(before[column])
    row_of[columns] = -1
