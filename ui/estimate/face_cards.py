"""One face: what the model saw and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from agemodel.core.labels import AGE_GROUPS, MAX_AGE
from agemodel.figures.estimate_charts import figure_age_distribution, figure_age_groups
from agemodel.metrics.calibration import COVERAGE
from agemodel.serving import Estimate
from agemodel.serving.known_ages import KnownAge, beside_estimate
from ui.charts import show_chart
from ui.estimate import session
from ui.estimate.why import show_why

BY_YEAR, BY_GROUP = "Years", "Age groups"
CROP_WIDTH_PX = 104
RANGE = f"{100 * COVERAGE:.0f} % range"
RANGE_IS = (
    f"{RANGE}: it holds the age of {10 * COVERAGE:.0f} in 10 faces, by calibration on "
    "validation faces."
)


def show_face(
    number: int,
    estimate: Estimate,
    key: str,
    known: KnownAge | None,
    set_known: Callable[[KnownAge | None], None],
) -> None:
    """Draw a face's card.

    Args:
        number: the face's number on the photo.
        estimate: what was estimated.
        key: unique on the page.
        known: how old the person was, if that is known.
        set_known: called with what a visitor says of that.
    """
    with st.container(border=True, gap="small", height="stretch"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
            st.image(
                estimate.crop_rgb,
                width=CROP_WIDTH_PX,
                alt=f"Face {number} as the model saw it",
            )
            with st.container(gap=None):
                _show_age(number, estimate)
        st.markdown(gender_text(estimate))
        if estimate.reason is None:
            st.caption(groups_text(estimate))
            if known is not None:
                st.markdown(f"**{beside_estimate(known, estimate)}**")
            _show_chart(number, estimate, key, known)
        for warning in estimate.warnings:
            st.caption(f":orange[:material/warning:] {warning}")
        if estimate.reason is None:
            _ask_age(number, key, known, set_known)
            show_why(number, estimate, key)


def _ask_age(
    number: int,
    key: str,
    known: KnownAge | None,
    set_known: Callable[[KnownAge | None], None],
) -> None:
    """Draw the input for the actual age, if it is not known as one of several."""
    if known is not None and known.low < known.high:
        return
    name = f"{key}_known"

    def take() -> None:
        years = st.session_state[name]
        set_known(None if years is None else KnownAge(years, years))

    st.number_input(
        "Actual age",
        0,
        MAX_AGE,
        None if known is None else known.low,
        placeholder="if you know it",
        width=180,
        key=name,
        on_change=take,
        help=f"Of face {number}, in completed years. It is kept as the photo is: in "
        "memory, for this visit.",
    )


def _show_age(number: int, estimate: Estimate) -> None:
    """The age with its interval; small where it is perhaps no face; or why none."""
    if estimate.doubtful:
        st.badge("Perhaps no face", icon=":material/help:", color="orange")
        age = f"it looks about {estimate.age_years:.0f} years"
        else_age = f"If it is one, {age}, {interval_text(estimate)}."
        st.caption(f"Face {number}. {estimate.reason or else_age}")
    elif estimate.reason:
        st.markdown(f"Face {number}")
        st.header("No age", anchor=False)
        st.caption(estimate.reason)
    else:
        # st.metric would show the age only once its charting code is loaded.
        st.markdown(f"Face {number} looks about")
        st.header(f"{estimate.age_years:.0f} years", anchor=False)
        st.caption(interval_text(estimate))


def interval_text(estimate: Any) -> str:
    """The 80 % interval in words, of an estimate or a row with its columns."""
    return f"{RANGE}: {estimate.age_low:.0f} to {estimate.age_high:.0f}"


def gender_text(estimate: Estimate) -> str:
    """The likelier gender label, its probability, and whether it is left open."""
    label, probability = likelier(estimate.p_female)
    if estimate.gender != "uncertain":
        return f"Gender label **{label}**, {percent(probability)} likely"
    said, least = percent(probability), percent(estimate.least_sure)
    if said == least:  # rounded alike
        said, least = f"{100 * probability:.1f} %", f"{100 * estimate.least_sure:.1f} %"
    return f"Gender label: {label} {said}, below the {least} threshold: **left open**"


def likelier(p_female: float) -> tuple[str, float]:
    """The likelier gender label and its probability."""
    return ("female", p_female) if p_female >= 0.5 else ("male", 1 - p_female)


def groups_text(estimate: Estimate) -> str:
    """The group that holds the age, in bold, and the most probable other one."""
    chances = dict(zip(AGE_GROUPS, estimate.group_probabilities, strict=True))
    own = estimate.age_group
    other = max(chances.keys() - {own}, key=lambda group: chances[group])
    text = f"Age group **{_dash(own)} {percent(chances[own])}**"
    if chances[other] >= 0.01:
        text += f" · {_dash(other)} {percent(chances[other])}"
    return text


def percent(probability: float) -> str:
    """A probability in per cent, never 100 %."""
    return "over 99 %" if probability > 0.995 else f"{100 * probability:.0f} %"


def _dash(group: str) -> str:
    return group.replace("-", "–")  # noqa: RUF001


def _show_chart(
    number: int, estimate: Estimate, key: str, known: KnownAge | None
) -> None:
    by_group = st.session_state.get(session.CHART) == BY_GROUP
    if by_group:
        figure = figure_age_groups(estimate.group_probabilities)
        alt = f"Face {number}: {groups_text(estimate)}"
    else:
        figure = figure_age_distribution(
            estimate.age_probabilities,
            estimate.age_years,
            estimate.age_low,
            estimate.age_high,
            () if known is None else known.years,
            "actual",
        )
        alt = f"Face {number}: how probable each age is; {interval_text(estimate)}"
    show_chart(figure, f"{key}_chart", alt)
