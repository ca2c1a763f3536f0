from __future__ import annotations

import keras
import numpy as np
import pytest

from agemodel.learning.objectives import (
    AgeDistributionLoss,
    AgeGroupLoss,
    AgeSquaredError,
    WarmupCosine,
    mae_years,
)


def test_the_distribution_loss_is_least_at_its_target() -> None:
    loss = AgeDistributionLoss(sd_years=2.0)
    ages = np.arange(1, 117)
    target = np.exp(-0.5 * ((ages - 30) / 2) ** 2)
    target = (target / target.sum()).astype(np.float32)[None]
    off = np.roll(target, 5)
    truth = np.array([[30.0, 30.0]], np.float32)
    at_target = float(loss(truth, target))
    # The cross-entropy of a distribution with itself is its entropy:
    # 0.5 * ln(2 pi e 2^2) = 2.112 for a Gaussian of 2 years.
    assert at_target == pytest.approx(2.112, abs=0.01)
    assert float(loss(truth, off)) > at_target + 1


def test_the_error_in_years_joins_the_distribution_loss_with_its_weight() -> None:
    distribution = np.zeros((2, 116), np.float32)
    distribution[:, [19, 39]] = 0.5  # ages 20 and 40: expected 30
    truth = np.array([[33.0, 33.0], [26.0, 26.0]], np.float32)  # 3 and 4 years off
    plain, more = (
        np.asarray(AgeDistributionLoss(2.0, weight).call(truth, distribution))
        for weight in (0.0, 0.5)
    )
    np.testing.assert_allclose(more - plain, [1.5, 2.0], rtol=1e-5)


def test_a_loss_survives_saving() -> None:
    loss = AgeDistributionLoss(sd_years=3.0, mae_weight=0.2)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert (again.sd_years, again.mae_weight) == (3.0, 0.2)


def test_of_a_range_the_loss_is_minus_the_log_of_the_probability_inside() -> None:
    said = np.zeros((2, 116), np.float32)
    said[0, [24, 59]] = 0.5  # ages 25 and 60
    said[1, [36, 59]] = 0.5  # 37, a year beyond 20 to 36: exp(-1/2) of it counts
    truth = np.array([[20.0, 36.0]] * 2, np.float32)
    loss = np.asarray(AgeDistributionLoss(2.0).call(truth, said))
    assert loss == pytest.approx([-np.log(0.5), -np.log(0.5 * np.exp(-0.5))], rel=1e-4)
    # The expected ages, 42.5 and 48.5, lie 6.5 and 12.5 years beyond the range.
    assert np.asarray(mae_years(truth, said)) == pytest.approx([6.5, 12.5], rel=1e-5)


def test_the_squared_error_counts_from_the_range() -> None:
    truth = np.array([[20.0, 20.0], [20.0, 36.0]], np.float32)
    said = np.array([[23.0], [30.0]], np.float32)
    assert np.asarray(AgeSquaredError().call(truth, said)).tolist() == [9.0, 0.0]


@pytest.mark.parametrize(
    ("age", "first", "last"), [(1, 1, 2), (3, 3, 9), (9, 3, 9), (69, 60, 69)]
)
def test_the_group_loss_asks_for_the_probability_of_the_true_group(
    age: int, first: int, last: int
) -> None:
    distribution = np.random.default_rng(0).dirichlet(np.ones(116), 1)
    expected = -np.log(distribution[0, first - 1 : last].sum())
    truth = np.array([[age, age]], np.float32)
    loss = AgeGroupLoss().call(truth, distribution.astype(np.float32))
    assert np.asarray(loss) == pytest.approx([expected], rel=1e-5)


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    schedule = WarmupCosine(peak=1.0, warmup_steps=10, total_steps=110)
    rates = [float(schedule(step)) for step in (0, 5, 10, 60, 110, 200)]
    # Half way down the cosine, at step 60, the rate is half its peak.
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0, 0], abs=1e-6)
