"""Whether the page is used by touch: then a drag scrolls it, and sets no filter."""

from __future__ import annotations

import streamlit as st


def on_phone() -> bool:
    """Whether the visitor's browser says that it is on a phone."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def answers(title: str, key: str) -> bool:
    """Whether charts answer clicks and drags: on a phone only once it is asked for.

    A chart that answers a finger also catches it, and the page below does not scroll
    (Streamlit 1.67 turns `dragmode=False` of such a chart into "pan").

    Args:
        title: of the switch that is shown on a phone.
        key: of the switch.
    """
    return not on_phone() or st.toggle(title, key=key)
