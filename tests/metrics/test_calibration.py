from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agemodel.core.labels import AGES
from agemodel.metrics.calibration import (
    CERTAIN_ACCURACY,
    COVERAGE,
    Calibration,
    calibrate,
    widened,
    widening_of,
)
from agemodel.metrics.distributions import cumulative_at, quantile

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def rows(*parts: dict[int, float]) -> np.ndarray:
    """Distributions, shape (n, 116), from what each says of single ages."""
    found = np.zeros((len(parts), len(AGES)))
    for row, part in zip(found, parts, strict=True):
        for age, probability in part.items():
            row[age - 1] = probability
    return found


def bells(means: np.ndarray, sds: np.ndarray) -> np.ndarray:
    """Gaussians over the ages, shape (n, 116)."""
    z = (AGES - means[:, None]) / sds[:, None]
    mass = np.exp(-0.5 * z**2)
    return mass / mass.sum(1, keepdims=True)


def draw(rng: np.random.Generator, distributions: np.ndarray) -> np.ndarray:
    """An age from each distribution, shape (n,)."""
    ends = distributions.cumsum(1)
    return AGES[(ends < rng.uniform(0, 1, len(ends))[:, None]).sum(1)]


def made_calibration(**changes: float | list[float] | None) -> Calibration:
    values = {
        "coverage": 0.8,
        "central_shares": [0.5] * len(AGES),
        "half_width_years": None,
        "gender_slope": 1.0,
        "gender_offset": 0.0,
        "uncertain_above": 0.3,
        "faces": 10,
    }
    return Calibration(**values | changes)


def sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


def calibrated_on(genders: np.ndarray, p_female: np.ndarray) -> Calibration:
    """A calibration that matters only for gender."""
    ages = np.full(len(genders), 30.0)
    return calibrate(ages, genders, ages, None, p_female)


# Half at 10 years and half at 20. In steps of a year: the first half is spread evenly
# over 9.5 to 10.5, the second over 19.5 to 20.5.
HALVES = rows({10: 0.5, 20: 0.5})


@pytest.mark.parametrize(
    ("share", "age_years"),
    [(0.25, 10.0), (0.1, 9.7), (0.4, 10.3), (0.75, 20.0), (0.9, 20.3), (1.0, 20.5)],
)
def test_quantile_of_two_halves(share: float, age_years: float) -> None:
    assert quantile(HALVES, share) == pytest.approx([age_years])


def test_shares_and_ages_beyond_the_ends_stay_inside() -> None:
    flat = np.full((1, 116), 1 / 116)
    assert cumulative_at(flat, np.array([-5.0])) == pytest.approx([0])
    assert cumulative_at(flat, np.array([200.0])) == pytest.approx([1])
    assert quantile(flat, 0.0) == pytest.approx([0.5])
    assert quantile(flat, 1.0) == pytest.approx([116.5], abs=1e-6)
    # Rounding may leave a sum a little below 1; the last age is still the last.
    assert quantile(flat * 0.9999, 1.0) == pytest.approx([116.5], abs=0.02)


def test_float32_distributions_are_as_good() -> None:
    wide = bells(np.array([40.0]), np.array([12.0]))
    for share in (0.1, 0.5, 0.9):
        narrow = quantile(wide.astype(np.float32), share)
        assert narrow == pytest.approx(quantile(wide, share), abs=1e-3)


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 0.999))
@quick
def test_quantile_and_cumulative_share_undo_each_other(seed: int, share: float) -> None:
    distributions = np.random.default_rng(seed).dirichlet(np.ones(116), 5)
    ages = quantile(distributions, share)
    assert cumulative_at(distributions, ages) == pytest.approx(
        np.full(5, share), abs=1e-6
    )


def test_interval_ends_where_ages_lie_too_far_out() -> None:
    # Flat over 21 to 40: the middle of age 20 + k has (k - 0.5) / 20 below it. Central
    # half: 0.25 to 0.75, so k = 5.5 and 15.5.
    flat = rows(dict.fromkeys(range(21, 41), 0.05))
    low, high = made_calibration().interval(np.array([30.5]), flat)
    assert (low[0], high[0]) == pytest.approx((25.5, 35.5))


def test_each_age_has_a_measure_of_its_own() -> None:
    # As above, but below 30 all of the distribution counts, and from 30 on a tenth:
    # up to a share of 0.55, k = 11.5.
    shares = [1.0 if age < 30 else 0.1 for age in AGES]
    flat = rows(dict.fromkeys(range(21, 41), 0.05))
    low, high = made_calibration(central_shares=shares).interval(np.array([30.5]), flat)
    assert low[0] == pytest.approx(0.5)  # nothing stops it but the first age
    assert high[0] == pytest.approx(31.5)


def test_only_the_stretch_around_the_estimate_counts() -> None:
    # All mass at 40, so the ages from 60 on lie farthest out; yet they are let in. The
    # interval does not reach them, for those between are not.
    shares = [1.0 if age >= 60 else 0.5 for age in AGES]
    low, high = made_calibration(central_shares=shares).interval(
        np.array([40.0]), rows({40: 1.0})
    )
    assert 39 < low[0] <= 40 <= high[0] < 41


def test_interval_without_a_distribution_has_one_width() -> None:
    calibration = made_calibration(central_shares=None, half_width_years=7.0)
    low, high = calibration.interval(np.array([30.0, 4.0, -9.0]), None)
    assert low.tolist() == [23.0, 0.0, 0.0]  # no age is below 0
    assert high.tolist() == [37.0, 11.0, 0.0]


@given(st.integers(0, 2**32 - 1), st.floats(0, 116))
@quick
def test_interval_contains_the_estimate(seed: int, age: float) -> None:
    rng = np.random.default_rng(seed)
    distributions = rng.dirichlet(np.ones(116) / 20, 4)
    ages = np.array([age, *(distributions[1:] @ AGES)])
    shares = rng.uniform(0, 1, 116).tolist()
    low, high = made_calibration(central_shares=shares).interval(ages, distributions)
    assert (low <= ages).all()
    assert (ages <= high).all()
    assert (low >= 0).all()


def test_half_width_is_the_error_that_covers_four_in_five_new_faces() -> None:
    # Of nine errors 1 to 9 the rank is ceil(10 * 0.8) = 8: a tenth face has eight in
    # ten chances to be among the first eight.
    errors = np.array([3, 9, 1, 7, 5, 8, 2, 6, 4])
    ages = np.full(9, 50.0)
    signs = np.array([1, -1] * 4 + [1])
    calibration = calibrate(ages + errors * signs, np.ones(9), ages, None, ages / 100)
    assert calibration.half_width_years == 8
    assert calibration.central_shares is None
    assert (calibration.faces, calibration.coverage) == (9, COVERAGE)


def test_four_in_five_val_faces_and_one_more_lie_inside() -> None:
    rng = np.random.default_rng(0)
    for count in (10, 37, 400):
        means = rng.uniform(20, 80, count)
        said = bells(means, np.full(count, 6.0))
        ages = draw(rng, said)
        calibration = calibrate(ages, np.ones(count), means, said, np.full(count, 0.9))
        low, high = calibration.interval(means, said)
        inside = int(((low <= ages) & (ages <= high)).sum())
        asked = int(np.ceil((count + 1) * COVERAGE))
        assert asked <= inside <= asked + max(2, count // 50)
        assert calibration.half_width_years is None


def test_the_old_are_covered_like_the_young_by_a_network_that_draws_to_the_middle() -> (
    None
):
    rng = np.random.default_rng(0)
    count = 20_000
    ages = rng.integers(10, 91, count)
    # It believes in three quarters of what sets a face apart, and is too sure of it.
    means = 40 + 0.75 * (ages - 40) + rng.normal(0, 4, count)
    said = bells(means, np.full(count, 4.0))
    val, fresh = slice(0, count // 2), slice(count // 2, None)
    ones = np.ones(count // 2)
    calibration = calibrate(ages[val], ones, means[val], said[val], ones * 0.9)
    low, high = calibration.interval(means[fresh], said[fresh])
    inside = (low <= ages[fresh]) & (ages[fresh] <= high)
    for start in range(10, 90, 10):
        decade = (ages[fresh] >= start) & (ages[fresh] < start + 10)
        assert inside[decade].mean() == pytest.approx(COVERAGE, abs=0.08)


@pytest.mark.parametrize("overconfidence", [0.6, 1.0, 1.8])
def test_four_in_five_fresh_faces_lie_inside_whatever_the_network_believes(
    overconfidence: float,
) -> None:
    rng = np.random.default_rng(0)
    count = 8000
    means, sds = rng.uniform(20, 80, count), rng.uniform(3, 12, count)
    ages = draw(rng, bells(means, sds))
    said = bells(means, sds * overconfidence)
    val, fresh = slice(0, count // 2), slice(count // 2, None)
    calibration = calibrate(
        ages[val], np.ones(count // 2), means[val], said[val], np.full(count // 2, 0.9)
    )
    low, high = calibration.interval(means[fresh], said[fresh])
    inside = (low <= ages[fresh]) & (ages[fresh] <= high)
    # Four standard deviations of two samples of 4000: 4 * sqrt(2 * 0.16 / 4000) = 0.036
    assert inside.mean() == pytest.approx(COVERAGE, abs=0.036)


@pytest.mark.parametrize(("slope", "offset"), [(1.7, -0.6), (0.5, 0.3), (1.0, 0.0)])
def test_platt_scaling_recovers_slope_and_offset(slope: float, offset: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 20_000)
    true_p = sigmoid(slope * logits + offset)
    genders = (rng.uniform(0, 1, 20_000) < true_p).astype(int)
    calibration = calibrated_on(genders, sigmoid(logits))
    assert calibration.gender_slope == pytest.approx(slope, abs=0.08)
    assert calibration.gender_offset == pytest.approx(offset, abs=0.08)
    calibrated = calibration.probability(sigmoid(logits))
    assert np.abs(calibrated - true_p).max() < 0.03


def test_scaled_probability_by_hand() -> None:
    # logit(0.8) = ln 4; twice that less ln 4 is ln 4 again; logit(0.5) = 0 gives
    # -ln 4, which is 0.2
    calibration = made_calibration(gender_slope=2.0, gender_offset=-np.log(4))
    assert calibration.probability(np.array([0.8, 0.5])) == pytest.approx([0.8, 0.2])


def test_probabilities_of_0_and_1_stay_finite() -> None:
    found = made_calibration(gender_slope=30.0).probability(np.array([0.0, 1.0]))
    assert np.isfinite(found).all()
    assert found == pytest.approx([0, 1])


@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("swapped", [False, True])
def test_genders_that_a_threshold_separates_can_be_fitted(
    count: int, swapped: bool
) -> None:
    genders = np.arange(count) % 2
    calibration = calibrated_on(genders, np.abs(genders - float(swapped)))
    assert np.isfinite([calibration.gender_slope, calibration.gender_offset]).all()


@pytest.mark.parametrize(
    ("p_female", "gender"),
    [
        (0.0, "male"),
        (0.3, "male"),  # the band is open at both ends
        (0.3001, "uncertain"),
        (0.5, "uncertain"),
        (0.6999, "uncertain"),
        (0.7, "female"),
        (1.0, "female"),
    ],
)
def test_gender_is_uncertain_inside_the_band(p_female: float, gender: str) -> None:
    assert made_calibration(uncertain_above=0.3).gender(p_female) == gender


@pytest.mark.parametrize(("p_female", "gender"), [(0.5, "female"), (0.4999, "male")])
def test_gender_without_a_band_is_never_uncertain(p_female: float, gender: str) -> None:
    assert made_calibration(uncertain_above=0.5).gender(p_female) == gender


@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from([2, 20, 1000]))
@quick
def test_outside_the_narrowest_band_enough_genders_are_right(
    seed: int, count: int, levels: int
) -> None:
    # Probabilities on few levels: many faces are equally sure. An even number of
    # levels keeps clear of one half.
    rng = np.random.default_rng(seed)
    p_female = (rng.integers(0, levels, count) + 0.5) / levels
    genders = (rng.uniform(0, 1, count) < sigmoid(6 * (p_female - 0.5))).astype(int)
    calibration = calibrated_on(genders, p_female)
    calibrated = calibration.probability(p_female)
    right = (calibrated >= 0.5) == (genders == 1)
    sureness = np.abs(calibrated - 0.5)
    # 1e-9: a face on the edge may fall to either side by rounding.
    decided = sureness >= 0.5 - calibration.uncertain_above - 1e-9
    decided &= calibration.uncertain_above > 0  # else all is uncertain
    if decided.any():
        assert surely_right(right[decided]) >= CERTAIN_ACCURACY
    # No wider choice of the surest faces is good enough.
    for edge in sureness[~decided]:
        assert surely_right(right[sureness >= edge - 1e-9]) < CERTAIN_ACCURACY


def surely_right(right: np.ndarray) -> float:
    """Wilson's bound, as the root of its quadratic: |share - p| = z sqrt(p(1-p)/n)."""
    share, n, z = right.mean(), len(right), 1.2816
    roots = np.roots([1 + z**2 / n, -(2 * share + z**2 / n), share**2])
    return float(roots.min()) + 1e-9  # the edge is compared within rounding


def test_few_faces_do_not_prove_that_enough_are_right() -> None:
    genders = np.arange(60) % 2  # all right, but 60 of 60 may be 0.97 as well
    calibration = calibrated_on(genders, np.where(genders, 0.9, 0.1))
    assert calibration.uncertain_above == 0.0
    assert calibration.gender(0.999) == "uncertain"


def test_widened_interval_reaches_as_much_further_to_either_side() -> None:
    low, high = widened(
        np.array([30.0, 4.0, 110.0]),
        np.array([26.0, 1.0, 100.0]),
        np.array([40.0, 6.0, 115.0]),
        1.5,
    )
    # 30 - 4 * 1.5 and 30 + 10 * 1.5; 4 - 3 * 1.5 is below 0; 110 + 5 * 1.5 above 116
    assert low.tolist() == [24, 0, 95]
    assert high.tolist() == [45, 7, 116]


def test_widening_is_the_factor_with_which_four_fifths_and_one_are_inside() -> None:
    # Off by 1 to 9 years, to either side by turns, with 2 years to the lower bound and
    # 4 to the upper one. Factors: 1/4, 2/2, 3/4, 4/2, 5/4, 6/2, 7/4, 8/2, 9/4; of nine
    # the ceil(10 * 0.8) = 8th smallest is 3.
    off = np.array([1, -2, 3, -4, 5, -6, 7, -8, 9])
    ages = np.full(9, 50.0)
    assert widening_of(ages + off, ages, ages - 2, ages + 4) == 3
    assert widening_of(ages, ages, ages - 2, ages + 4) == 1  # never narrower
