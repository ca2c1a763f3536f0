from __future__ import annotations

import math

import numpy as np
import pytest

from agemodel.metrics.bootstrap import (
    bootstrap_interval,
    means_with_intervals,
    percentile_interval,
    resample_counts,
    resamples,
)


def test_bootstrap_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    # Of n values with standard deviation s the mean's 95 % interval reaches 1.96 s /
    # sqrt(n) to either side; a thousand draws know its ends to about a tenth of that.
    values = np.random.default_rng(0).normal(10, 3, 900)
    reach = 1.96 * values.std() / 30
    low, high = bootstrap_interval(values, np.mean)
    assert low == pytest.approx(values.mean() - reach, abs=0.12 * reach)
    assert high == pytest.approx(values.mean() + reach, abs=0.12 * reach)


def test_bootstrap_interval_of_equal_values_is_a_point() -> None:
    assert bootstrap_interval(np.full(20, 4.0), np.mean) == (4.0, 4.0)


def test_bootstrap_repeats_with_its_seed_and_varies_with_it() -> None:
    values = np.arange(50.0)
    assert bootstrap_interval(values, np.mean, 1) == bootstrap_interval(
        values, np.mean, 1
    )
    assert bootstrap_interval(values, np.mean, 1) != bootstrap_interval(
        values, np.mean, 2
    )


def test_bootstrap_takes_any_statistic() -> None:
    # the largest of 50 draws from 0..49 is nearly always one of the last few
    low, high = bootstrap_interval(np.arange(50.0), np.max)
    assert 44 <= low <= high == 49


def test_intervals_are_those_of_the_metrics() -> None:
    first, second = np.random.default_rng(3).normal(size=(2, 41))
    found = means_with_intervals({"first": first, "second": second})
    for name, values in (("first", first), ("second", second)):
        assert found[name] == values.mean()
        interval = found[f"{name}_low"], found[f"{name}_high"]
        assert interval == bootstrap_interval(values)


def test_draws_pick_as_many_faces_as_there_are_with_replacement() -> None:
    counts = resample_counts(500, 40)
    assert counts.shape == (500, 40)
    assert (counts.sum(axis=0) == 500).all()
    # A face is left out of a resample with probability (1 - 1/500)^500 = 0.368.
    assert (counts == 0).mean() == pytest.approx(0.368, abs=0.02)
    assert len({tuple(column) for column in counts.T}) == 40


def test_counts_are_of_the_same_resamples() -> None:
    counts = resample_counts(7, 3)
    for number, faces in enumerate(resamples(7, 3)):
        assert counts[:, number].tolist() == [list(faces).count(i) for i in range(7)]


def test_undefined_draws_are_left_out_of_an_interval() -> None:
    # of 0..100 the 2.5th and the 97.5th percentile are 2.5 and 97.5
    drawn = np.append(np.arange(101.0), [np.nan, np.nan])
    assert percentile_interval(drawn) == pytest.approx((2.5, 97.5))
    assert all(math.isnan(end) for end in percentile_interval(drawn[-2:]))
