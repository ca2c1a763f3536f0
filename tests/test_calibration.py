from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agemodel.calibration import (
    CERTAIN_ACCURACY,
    COVERAGE,
    Calibration,
    calibrate,
    cumulative_at,
    quantile,
)
from agemodel.labels import AGES

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


def made_calibration(**changes: float | None) -> Calibration:
    values = {
        "coverage": 0.8,
        "tail": 0.25,
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


@pytest.mark.parametrize(
    ("age_years", "share"),
    [(9.5, 0), (9.7, 0.1), (10, 0.25), (10.5, 0.5), (15, 0.5), (20, 0.75), (20.5, 1)],
)
def test_cumulative_share_of_two_halves(age_years: float, share: float) -> None:
    assert cumulative_at(HALVES, np.array([age_years])) == pytest.approx([share])


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


@given(st.integers(0, 2**32 - 1), st.floats(0.6, 116.4))
@quick
def test_cumulative_share_agrees_with_a_plain_loop(seed: int, age: float) -> None:
    (row,) = np.random.default_rng(seed).dirichlet(np.ones(116), 1)
    below = 0.0
    for year, mass in zip(AGES, row, strict=True):
        below += mass * min(max(age - (year - 0.5), 0.0), 1.0)
    assert cumulative_at(row[None], np.array([age])) == pytest.approx([below])


def test_interval_cuts_the_tail_off_each_side() -> None:
    # a quarter off two halves: the middles of both
    low, high = made_calibration(tail=0.25).interval(np.array([15.0]), HALVES)
    assert (low[0], high[0]) == pytest.approx((10, 20))


def test_interval_of_a_wider_distribution_is_wider() -> None:
    means = np.full(2, 40.0)
    distributions = bells(means, np.array([3.0, 9.0]))
    low, high = made_calibration(tail=0.1).interval(means, distributions)
    # 1.2816 standard deviations to either side
    assert high - low == pytest.approx([2 * 1.2816 * 3, 2 * 1.2816 * 9], rel=0.02)


def test_interval_without_a_distribution_has_one_width() -> None:
    calibration = made_calibration(tail=None, half_width_years=7.0)
    low, high = calibration.interval(np.array([30.0, 4.0]), None)
    assert low.tolist() == [23.0, 0.0]  # no age is below 0
    assert high.tolist() == [37.0, 11.0]


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.5), st.floats(0, 116))
@quick
def test_interval_contains_the_estimate(seed: int, tail: float, age: float) -> None:
    distributions = np.random.default_rng(seed).dirichlet(np.ones(116) / 20, 4)
    ages = np.array([age, *(distributions[1:] @ AGES)])
    low, high = made_calibration(tail=tail).interval(ages, distributions)
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
    assert calibration.tail is None


def test_tail_is_the_one_that_covers_four_in_five_new_faces() -> None:
    # The true ages lie at shares 0.05, 0.15, ... of their distributions, so the tails
    # that just reach them are 0.05 to 0.45, and twice 0.5 - in all 0.05, 0.05, 0.15,
    # 0.15, ... Rank ceil(11 * 0.8) = 9 of ten, from the widest down: 0.05.
    flat = np.zeros((10, 116))
    flat[:, 9:19] = 0.1  # ages 10 to 19, each in the middle of its year's tenth
    ages = np.arange(10, 20)
    calibration = calibrate(
        ages, np.ones(10), np.full(10, 14.5), flat, np.full(10, 0.9)
    )
    assert calibration.tail == pytest.approx(0.05)
    assert calibration.half_width_years is None
    # From nineteen such faces, rank ceil(20 * 0.8) = 16: tails 0.05 four times, 0.15
    # four times, ... in falling order 0.45 x 3, 0.35 x 4, 0.25 x 4, 0.15 x 4, 0.05 x 4;
    # the sixteenth is the first of the last four.
    ages = np.concatenate([ages, ages[ages != 15]])
    calibration = calibrate(
        ages, np.ones(19), np.full(19, 14.5), flat[[0] * 19], np.full(19, 0.9)
    )
    assert calibration.tail == pytest.approx(0.05)
    # Without one of those, rank ceil(19 * 0.8) = 16 of eighteen: 0.05 still; without
    # all but one, rank ceil(17 * 0.8) = 14 of sixteen: 0.15.
    inner = ages[(ages != 10) & (ages != 19)]
    ages = np.concatenate([inner, [10]])
    calibration = calibrate(
        ages, np.ones(16), np.full(16, 14.5), flat[[0] * 16], np.full(16, 0.9)
    )
    assert calibration.tail == pytest.approx(0.15)


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


def test_four_in_five_fresh_faces_lie_inside_one_width() -> None:
    rng = np.random.default_rng(0)
    means = rng.uniform(20, 80, 8000)
    ages = means + rng.laplace(0, 6, 8000)
    ones = np.ones(4000)
    calibration = calibrate(ages[:4000], ones, means[:4000], None, ones * 0.9)
    # P(|x| <= h) = 1 - exp(-h / 6) = 0.8 at h = 6 ln 5 = 9.66
    assert calibration.half_width_years == pytest.approx(9.66, abs=0.5)
    low, high = calibration.interval(means[4000:], None)
    inside = (low <= ages[4000:]) & (ages[4000:] <= high)
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


def sided(calibration: Calibration, p: np.ndarray) -> np.ndarray:
    return np.array([calibration.gender(value) for value in calibration.probability(p)])


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
    if decided.any():
        assert right[decided].mean() >= CERTAIN_ACCURACY
    # No wider choice of the surest faces is good enough.
    for edge in sureness[~decided]:
        assert right[sureness >= edge - 1e-9].mean() < CERTAIN_ACCURACY


def test_band_begins_where_too_many_genders_are_wrong() -> None:
    # A hundred sure faces of either gender, two wrong: 198 of 200, 0.99. A hundred
    # doubtful ones, twenty wrong: 278 of 300, 0.927, too few.
    sure, doubtful = np.arange(200) % 2, np.arange(100) % 2
    p_female = np.concatenate(
        [np.where(sure, 0.97, 0.03), np.where(doubtful, 0.7, 0.3)]
    )
    genders = np.concatenate([sure, doubtful])
    genders[:2] = 1 - genders[:2]
    genders[200:220] = 1 - genders[200:220]
    said = sided(calibrated_on(genders, p_female), p_female)
    assert (said[200:] == "uncertain").all()
    assert said[:200].tolist() == [("male", "female")[label] for label in sure]


def test_nothing_is_uncertain_where_all_are_right() -> None:
    genders = np.arange(100) % 2
    calibration = calibrated_on(genders, np.where(genders, 0.9, 0.1))
    assert calibration.uncertain_above == 0.5
    assert calibration.gender(0.51) == "female"


def test_everything_is_uncertain_where_the_surest_are_wrong() -> None:
    # One level of sureness and half of each side wrong: no choice is good enough.
    genders = np.array([0, 0, 1, 1] * 50)
    p_female = np.array([0.1, 0.9] * 100)
    calibration = calibrated_on(genders, p_female)
    assert set(sided(calibration, p_female)) == {"uncertain"}


def test_calibration_survives_json() -> None:
    rng = np.random.default_rng(0)
    ages = rng.integers(1, 100, 40)
    genders, p_female = rng.integers(0, 2, 40), rng.uniform(0, 1, 40)
    calibration = calibrate(ages, genders, ages + 1.0, None, p_female)
    assert Calibration(**json.loads(json.dumps(calibration.as_dict()))) == calibration
    assert calibration.faces == 40
    assert calibration.coverage == COVERAGE
