from __future__ import annotations

import numpy as np
import pandas as pd

from agemodel.analysis.extremes import (
    KINDS,
    TWENTY,
    any_twenty,
    most_typical,
    surest_age_mistakes,
    surest_gender_mistakes,
    twenty_in_words,
)
from tests.harness.made_tables import everything, table


def made(
    ages: list[int], errors: list[float], widths: list[float] | None = None
) -> pd.DataFrame:
    years = (np.array(ages) + np.array(errors)).astype(np.float32)
    half = np.array(widths or [10] * len(ages), np.float32) / 2
    return table(age=ages, age_years=years, age_low=years - half, age_high=years + half)


def test_surest_age_mistakes_are_measured_in_widths() -> None:
    # In widths: 9 / 20 (inside), 9 / 10, 8 / 4, and 4 / 8, which is on the bound.
    faces = made([40] * 4, [9, 9, -8, 4], [20, 10, 4, 8])
    assert surest_age_mistakes(faces, everything(faces)).tolist() == [2, 1]


def test_surest_gender_mistakes_begin_with_the_furthest_probability() -> None:
    faces = table(
        age=[30] * 5,
        age_years=[30.0] * 5,
        gender=["male", "male", "female", "female", "male"],
        p_female=np.array([0.7, 0.1, 0.05, 0.9, 0.99], np.float32),
    )
    # Wrong are the first (0.2 from one half), the third (0.45) and the last (0.49).
    assert surest_gender_mistakes(faces, everything(faces)).tolist() == [4, 2, 0]


def test_most_typical_take_turns_among_the_age_groups() -> None:
    ages = [1, 1, 1, 25, 25, 80]
    errors = [0.1, 0.2, 3.0, -0.5, 0.0, 0.4]
    faces = made(ages, errors, [3, 2, 1, 9, 8, 20])
    # Right are all but the third. Of 0-2 the second is the narrowest, then the first.
    assert most_typical(faces, everything(faces)).tolist() == [1, 4, 5, 0, 3]


def test_twenty_are_the_same_for_a_seed_and_others_for_another() -> None:
    faces = made([30] * 200, [0.0] * 200)
    rows = np.arange(200) % 2 == 0
    first, again, other = (any_twenty(faces, rows, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()
    assert len(set(first.tolist())) == TWENTY
    assert rows[first].all()
    few = any_twenty(faces, np.arange(200) < 3, 1)
    assert sorted(few.tolist()) == [0, 1, 2]


def test_words_of_every_kind_count_what_they_name() -> None:
    faces = made([25] * 6 + [80] * 4, [0.2] * 6 + [-30, -20, 12, 11], [10] * 10)
    rows = everything(faces)
    words = {key: kind.words(faces, rows, kind.order(faces, rows))
             for key, kind in KINDS.items()}  # fmt: skip
    # All ten are the first ones; six are 0.2 years off. Two are estimated too young.
    assert "The first 10 are off by 0.2 to 30.0 years, 2 of them" in words["largest"]
    assert "6 are labelled 20-29, as are 60.0\u00a0% of all" in words["largest"]
    assert "Of 10 labels 4 lie outside the interval (40.0\u00a0%)" in words["age"]
    assert "30.0 years off, with an interval 10.0 years wide" in words["age"]
    assert words["gender"] == "Of 10 genders 0 are estimated otherwise than labelled."
    assert "Of 10 ages 6 are right to half a year (60.0\u00a0%)" in words["typical"]


def test_words_of_gender_mistakes_tell_the_decided_ones() -> None:
    faces = table(
        age=[30] * 4,
        age_years=[30.0] * 4,
        gender=["female"] * 4,
        p_female=np.array([0.01, 0.4, 0.9, 0.9], np.float32),
        decided=np.array([True, False, True, True]),
    )
    kind, rows = KINDS["gender"], everything(faces)
    assert kind.words(faces, rows, kind.order(faces, rows)) == (
        "Of 4 genders 2 are estimated otherwise than labelled (50.0\u00a0%); 1 of "
        "these were not left open. The surest says 99.00\u00a0%."
    )


def test_words_of_twenty_count_ages_and_genders() -> None:
    faces = made([30, 30, 30], [1, -2, 6])
    # Half the interval is 5 years: two of three hold; the mean error is 3.
    assert twenty_in_words(faces, np.array([0, 1, 2])) == (
        "On these 3 the ages are 3.0 years off on average; 2 of 3 lie in their "
        "interval, 3 of 3 genders are as labelled."
    )
