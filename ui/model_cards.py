"""Model cards, drawn."""

from __future__ import annotations

from typing import Any

import streamlit as st

from agemodel import cards


def show_model_card(name: str, card: dict[str, Any]) -> None:
    """Draw what a model is and where it errs.

    Args:
        name: the model's name.
        card: as read by `agemodel.cards`.
    """
    st.subheader(name, anchor=False)
    st.markdown(cards.what_it_is(card))
    st.dataframe(cards.error_rows(card["metrics"]), hide_index=True)
    st.caption(cards.MEASURES)
    with st.expander("Test faces by age group, gender and race label"):
        for title, rows in cards.group_rows(card).items():
            st.markdown(f"**{title}**")
            st.dataframe(rows, hide_index=True)
    st.caption(f"{cards.how_exported(card)} {card['licence']}")
