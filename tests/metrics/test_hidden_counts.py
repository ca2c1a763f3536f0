from __future__ import annotations

import numpy as np
import pytest

from agemodel.metrics.hidden_counts import hidden_counts


def hidden(counts: object) -> list:
    return hidden_counts(np.array(counts)).astype(int).tolist()


def test_counts_from_ten_on_are_shown() -> None:
    assert hidden([[10, 12], [30, 10]]) == [[0, 0], [0, 0]]


def test_a_single_small_count_takes_another_of_its_row_and_column_along() -> None:
    # 4 could be told from any total of its row or column: so the smallest other count
    # of its row (20) is hidden, of its column (30), and of theirs the one at their
    # crossing (50).
    assert hidden([[4, 20, 40], [30, 50, 60], [70, 80, 90]]) == [
        [1, 1, 0],
        [1, 1, 0],
        [0, 0, 0],
    ]


def test_hidden_counts_together_reach_the_limit() -> None:
    # 3 + 4 = 7, as the total less the others would say: below ten, so 15 goes too.
    assert hidden([3, 4, 15, 20]) == [1, 1, 1, 0]
    assert hidden([6, 5, 15, 20]) == [1, 1, 0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_no_difference_from_a_total_reveals_a_small_count(seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 40, (6, 5))
    found = hidden_counts(counts)
    assert found[counts < 10].all()
    for lines, masks in ((counts, found), (counts.T, found.T)):
        for line, mask in zip(lines, masks, strict=True):
            if mask.any() and not mask.all():
                assert mask.sum() >= 2 and line[mask].sum() >= 10
