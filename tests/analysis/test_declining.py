from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from agemodel.analysis.declining import (
    Band,
    age_risk,
    age_risk_in_words,
    gender_risk,
    gender_risk_in_words,
    uncertain_band,
)
from tests.harness.made_tables import everything, table


def made(errors: list[float], widths: list[float]) -> pd.DataFrame:
    years = np.array(errors, np.float32) + 30
    half = np.array(widths, np.float32) / 2
    return table(
        age=[30] * len(errors),
        age_years=years,
        age_low=years - half,
        age_high=years + half,
    )


def test_widest_intervals_are_declined_first() -> None:
    faces = made([4, 1, 2, 9], [8, 2, 4, 20])
    # By width the errors are 1, 2, 4, 9: means 1, 1.5, 7 / 3, 4.
    risk = age_risk(faces, everything(faces))
    assert risk.index.tolist() == [0.25, 0.5, 0.75, 1]
    assert risk.tolist() == pytest.approx([1, 1.5, 7 / 3, 4])
    assert age_risk_in_words(risk) == (
        "Were only the 50 % of the faces with the narrowest intervals estimated, the "
        "mean absolute error would be 1.50 instead of 4.00 years."
    )


def test_faces_of_equal_width_are_kept_or_declined_together() -> None:
    faces = made([1, 2, 6, 3], [5, 5, 5, 9])
    risk = age_risk(faces, everything(faces))
    assert risk.to_dict() == pytest.approx({0.75: 3, 1: 3})
    equal = made([1, 2, 6, 3], [5, 5, 5, 5])
    alone = age_risk(equal, everything(equal))
    assert alone.to_dict() == {1: 3}
    assert "none is to be declined" in age_risk_in_words(alone)


def test_gender_risk_and_band_by_hand() -> None:
    faces = table(
        age=[30] * 5,
        age_years=[30.0] * 5,
        gender=["female", "male", "male", "female", "male"],
        p_female=np.array([0.99, 0.02, 0.60, 0.45, 0.97], np.float32),
        decided=np.array([True, True, False, False, True]),
    )
    # By distance from one half: right, right, wrong, wrong, wrong.
    risk = gender_risk(faces, everything(faces))
    assert risk.index.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert risk.tolist() == pytest.approx([0, 0, 1 / 3, 0.5, 0.6])
    band = uncertain_band(faces, everything(faces))
    assert band is not None
    assert (band.low, band.high) == pytest.approx((0.45, 0.6))
    assert (band.kept, band.error) == pytest.approx((0.6, 1 / 3))
    assert gender_risk_in_words(risk, band) == (
        "60.0\u00a0% of the genders are estimated otherwise than labelled. The gender "
        "is left open where p(female) lies from 0.450 to 0.600, for "
        "40.0\u00a0% of the faces; of the others 33.3\u00a0% are estimated otherwise."
    )


def test_band_is_that_of_the_model_also_where_a_slice_has_none_left_open() -> None:
    faces = table(
        age=[30] * 3,
        age_years=[30.0] * 3,
        p_female=np.array([0.1, 0.4, 0.9], np.float32),
        decided=np.array([True, False, True]),
    )
    band = uncertain_band(faces, np.array([True, False, True]))
    assert band == Band(pytest.approx(0.4), pytest.approx(0.4), 1, 0.5)
    all_decided = faces.assign(decided=True)
    assert uncertain_band(all_decided, everything(faces)) is None
    words = gender_risk_in_words(gender_risk(faces, everything(faces)), None)
    assert words.endswith("None is left open.")
