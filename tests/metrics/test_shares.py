from __future__ import annotations

import numpy as np
import pytest

from agemodel.core.labels import AGE_GROUP_STARTS, AGES
from agemodel.metrics.share_calibration import (
    calibrate_shares,
    cell_index,
    draw_group,
    draw_mix,
)
from agemodel.metrics.shares import (
    BAND_STARTS,
    CELLS,
    ShareCalibration,
    all_partitions,
    band_names,
    cell_probabilities,
    corrected_mix,
    draw_shares,
    genders,
    partition,
    shares_of_draws,
    uncorrected_shares,
)

EVEN = np.full(CELLS, 1 / CELLS)


def known(prior: np.ndarray = EVEN) -> ShareCalibration:
    return ShareCalibration(tuple(prior.tolist()), {}, 100, 0)


def people(n: int, mix: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """People of a mix, and what a model says that was trained on an even one.

    It sees the age group or its neighbour, with 0.7 to 0.15 each, and the gender with
    0.9; its probabilities are Bayes' with an even mix.
    """
    rng = np.random.default_rng(seed)
    labels = rng.choice(CELLS, n, p=mix)
    confusion = np.zeros((CELLS, CELLS))  # what is seen of what is
    for cell in range(CELLS):
        for seen, share in ((0, 0.7), (-1, 0.15), (1, 0.15)):
            group = min(max(cell % 9 + seen, 0), 8)
            confusion[cell, group + 9 * (cell // 9)] += 0.9 * share
            confusion[cell, group + 9 * (1 - cell // 9)] += 0.1 * share
    seen = np.array([rng.choice(CELLS, p=confusion[label]) for label in labels])
    cells = confusion[:, seen].T
    return cells / cells.sum(1, keepdims=True), labels


def test_cells_are_the_age_groups_of_males_then_of_females() -> None:
    at_30 = np.eye(len(AGES))[29]
    (cells,) = cell_probabilities(at_30[None], np.array([0.75]))
    group = AGE_GROUP_STARTS.index(30)
    assert cells[group] == pytest.approx(0.25)
    assert cells[9 + group] == pytest.approx(0.75)
    assert cells.sum() == pytest.approx(1)
    assert cell_index(np.array([30]), np.array([1])).tolist() == [9 + group]


def test_parts_sum_to_one_and_bands_begin_at_their_ages() -> None:
    assert band_names(BAND_STARTS["four"]) == ("0-19", "20-39", "40-59", "60+")
    cells = np.random.default_rng(0).dirichlet(np.ones(CELLS))
    for parts in all_partitions():
        assert parts.sums(cells).sum() == pytest.approx(1)
        assert len(parts.sums(cells)) == len(parts.parts)
    # 0-19 are the first three groups of either gender
    expected = cells[[0, 1, 2, 9, 10, 11]].sum()
    assert partition("four").sums(cells)[0] == pytest.approx(expected)
    assert genders().sums(cells)[1] == pytest.approx(cells[9:].sum())


def test_the_correction_finds_a_mix_that_mean_probabilities_miss() -> None:
    mix = np.full(CELLS, 0.01)
    mix[3] = 1 - 0.17  # nearly all are males of 20 to 29
    cells, labels = people(4000, mix, 1)
    truth = (labels == 3).mean()
    # Of them the model gives 20 to 29 about (0.7^2 + 2 * 0.15^2) * 0.82 = 0.44.
    assert cells.mean(0)[3] < truth - 0.25
    assert corrected_mix(cells, known())[3] == pytest.approx(truth, abs=0.03)
    assert draw_shares(cells, known()).mean(0)[3] == pytest.approx(truth, abs=0.03)


def test_intervals_hold_the_shares_of_other_mixes_where_the_model_is_right() -> None:
    rng = np.random.default_rng(2)
    held = []
    for number in range(40):
        cells, labels = people(150, draw_mix(rng, 1.0), number)
        truth = np.bincount(labels, minlength=CELLS) / len(labels)
        parts = partition("four")
        found = shares_of_draws(draw_shares(cells, known(), number), parts, [0] * 4)
        held.append(
            (found.low <= parts.sums(truth)) & (parts.sums(truth) <= found.high)
        )
    # 160 intervals of 95 %: 152 on average, 144 at three standard deviations
    assert np.sum(held) >= 144


def test_the_same_people_give_the_same_draws() -> None:
    cells, _ = people(50, EVEN, 3)
    assert np.array_equal(draw_shares(cells, known()), draw_shares(cells, known()))


def test_one_person_has_shares_with_wide_intervals() -> None:
    cells, _ = people(1, EVEN, 4)
    found = shares_of_draws(draw_shares(cells, known()), genders(), [0, 0])
    assert found.share.sum() == pytest.approx(1)
    assert (found.low >= 0).all() and (found.high <= 1).all()
    assert found.high[0] - found.low[0] == 1


def test_misfit_widens_the_interval_as_another_source_of_error() -> None:
    draws = np.tile(EVEN, (100, 1))  # the sampling is sure: half of each gender
    found = shares_of_draws(draws, genders(), [0.02, 0.0])
    # 1.96 standard deviations of 0.02 to either side
    assert found.low[0] == pytest.approx(0.5 - 0.0392)
    assert found.high[0] == pytest.approx(0.5 + 0.0392)
    assert found.low[1] == pytest.approx(0.5) == found.high[1]


def test_without_a_calibration_there_are_shares_and_no_intervals() -> None:
    cells, _ = people(30, EVEN, 5)
    found = uncorrected_shares(cells, genders())
    assert found.share.sum() == pytest.approx(1)
    assert np.isnan(found.low).all() and np.isnan(found.high).all()


def test_a_model_that_errs_for_other_people_gets_wider_intervals() -> None:
    cells, labels = people(2000, EVEN, 6)
    biased = cells.copy()  # it takes most of 60 and older for 50 to 59
    old = labels % 9 >= 7
    biased[old] = cells[old] * np.where(np.arange(CELLS) % 9 >= 7, 0.2, 1.0)
    biased /= biased.sum(1, keepdims=True)
    right, wrong = (
        calibrate_shares(one, labels, groups_each=4, sizes=(300,))
        for one in (cells, biased)
    )
    assert wrong.misfit["four"][3] > right.misfit["four"][3] + 0.01
    assert right.prior == pytest.approx(cells.mean(0))


def test_a_group_has_the_mix_that_it_was_drawn_by() -> None:
    cells, labels = people(500, EVEN, 7)
    mix = np.zeros(CELLS)
    mix[[2, 13]] = 0.25, 0.75
    group = draw_group(cells, labels, mix, 400, np.random.default_rng(8))
    assert len(group.cells) == 400
    # 75 % of 400, give or take three standard deviations of 2.2 %
    assert group.shares[13] == pytest.approx(0.75, abs=0.065)
    assert group.shares[[2, 13]].sum() == pytest.approx(1)
