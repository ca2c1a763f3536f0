"""Model cards, drawn, and what the card says of the data."""

from __future__ import annotations

import streamlit as st

from agemodel.core.errors import AgeModelError
from agemodel.models import app_model, card_text
from agemodel.models.card import Card
from agemodel.models.model_folder import ModelFolder, read_cards
from ui.downloads import show_download


def show_glance() -> None:
    """Say of the app's model in a few lines what it is for, and how far it errs."""
    try:
        card = ModelFolder(app_model.model_folder()).card
    except AgeModelError as error:
        st.text(str(error))
        return
    st.markdown(card_text.USES)
    lines = []
    if (test := card.metrics.get("test")) is not None:
        low, high = test.mae_years_95
        lines.append(
            f"Ages are off by **{test.mae_years:.1f} years** on average "
            f"({low:.1f} to {high:.1f}; {test.n:,} test faces), the gender label is "
            f"right for {test.gender_accuracy:.0%}."
        )
    lines += [line for line in card_text.known_failures(card) if line[:3] == "By "]
    lines += [card_text.set_in_words(one) for one in (card.sets or {}).values()]
    lines.append(f"Licence: {card.licence}")
    st.markdown("\n".join(f"- {line}" for line in lines))
    show_download(
        "Download model card",
        f"{card.name}-card.md",
        lambda: card_text.card_markdown(card).encode(),
        "about_card",
    )


def show_models() -> None:
    """Draw the cards of the installed models, or what to do when there is none."""
    try:
        found = read_cards()
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


def show_model_card(name: str, card: Card) -> None:
    """Draw what a model is and where it errs."""
    st.subheader(name, anchor=f"model-{name}")
    st.markdown(card_text.what_it_is(card))
    st.markdown(card_text.USES)
    st.markdown("**Data and recipe**")
    st.markdown(card_text.how_trained(card))
    st.markdown("**Errors**")
    st.dataframe(
        card_text.error_rows(card.metrics),
        hide_index=True,
        alt=f"Errors of the model {name}",
    )
    st.caption(card_text.MEASURES_NOTE)
    st.markdown(card_text.how_sure(card))
    st.markdown("**Where it fails**")
    st.markdown("\n".join(f"- {line}" for line in card_text.known_failures(card)))
    if card.sets:
        st.markdown("**Faces from elsewhere**")
        title = f"How the model {name} does on faces from elsewhere"
        st.dataframe(card_text.set_rows(card.sets), hide_index=True, alt=title)
        st.caption(card_text.SETS_NOTE)
    for title, rows in card_text.group_rows(card).items():
        st.markdown(f"**{title}**")
        st.dataframe(rows, hide_index=True, alt=title)
    with st.expander("What poor pictures cost"):
        st.markdown(card_text.conditions_note(card))
        title = f"What poor pictures cost the model {name}"
        st.dataframe(card_text.condition_rows(card), hide_index=True, alt=title)
    st.caption(f"{card_text.how_exported(card)} {card.licence}")


def faces_in_words() -> str:
    """How many faces the models learned from, as their cards say; empty of none."""
    try:
        found = read_cards()
    except AgeModelError:
        return ""
    said = []
    for name, card in found.items():
        parts = card.faces.parts
        said.append(
            f"The model *{name}* learned from {parts['train']:,} of "
            f"{card.faces.total:,} faces; {parts['val']:,} chose the epoch and "
            f"the calibration, and {parts['test']:,} are only reported on."
        )
    return " ".join(said)
