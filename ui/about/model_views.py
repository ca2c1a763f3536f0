"""Model cards, drawn, and what the card says of the data."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.models import cards


def show_models() -> None:
    """Draw the cards of the installed models, or what to do when there is none."""
    try:
        found = cards.read_cards()
    except AgeModelError as error:
        st.error(str(error))
        return
    if not found:
        st.info(
            "No trained model is installed. `python -m agemodel export RUN NAME` "
            "makes one from a training run."
        )
    for name, card in found.items():
        show_model_card(name, card)


def show_model_card(name: str, card: dict[str, Any]) -> None:
    """Draw what a model is and where it errs.

    Args:
        name: the model's name.
        card: as read by `agemodel.models.cards`.
    """
    st.subheader(name, anchor=f"model-{name}")
    st.markdown(cards.what_it_is(card))
    st.markdown(cards.USES)
    st.markdown("**Data and recipe**")
    st.markdown(cards.how_trained(card))
    st.markdown("**Errors**")
    st.dataframe(
        cards.error_rows(card["metrics"]),
        hide_index=True,
        alt=f"Errors of the model {name}",
    )
    st.caption(cards.MEASURES)
    st.markdown(cards.how_sure(card))
    st.markdown("**Where it fails**")
    st.markdown("\n".join(f"- {line}" for line in cards.known_failures(card)))
    with st.expander("Test faces by age group, gender and race label"):
        for title, rows in cards.group_rows(card).items():
            st.markdown(f"**{title}**")
            st.dataframe(rows, hide_index=True, alt=title)
    st.caption(f"{cards.how_exported(card)} {card['licence']}")


def faces_in_words() -> str:
    """How many faces the models learned from, as their cards say; empty of none."""
    try:
        found = cards.read_cards()
    except AgeModelError:
        return ""
    said = []
    for name, card in found.items():
        parts = card["faces"]["parts"]
        said.append(
            f"The model *{name}* learned from {parts['train']:,} of "
            f"{card['faces']['total']:,} faces; {parts['val']:,} chose the epoch and "
            f"the calibration, and {parts['test']:,} are only reported on."
        )
    return " ".join(said)
