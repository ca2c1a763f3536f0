"""Model cards, drawn."""

from __future__ import annotations

from typing import Any

import streamlit as st


def show_model_card(name: str, card: dict[str, Any]) -> None:
    """Draw a model's name and the plain facts on its card.

    Args:
        name: the model's name.
        card: as read by `agemodel.cards`; nested facts are left out.
    """
    st.subheader(name, anchor=False)
    facts = {
        key.replace("_", " ").capitalize(): str(value)
        for key, value in card.items()
        if isinstance(value, str | int | float)
    }
    st.table(facts, border="horizontal")
