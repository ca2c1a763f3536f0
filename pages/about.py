"""What the app does, what an estimate is for and not for, and under which terms."""

import streamlit as st

from agemodel import paths
from agemodel.cards import read_cards
from agemodel.errors import AgeModelError
from ui.model_cards import show_model_card

WHAT_IT_DOES = """
Apparent Age finds the faces in a photo. For each face it estimates an age and one of
two gender labels, and says how unsure it is: a range of ages beside the age, a
probability beside the label.
"""

WHAT_AN_ESTIMATE_IS = """
- **Apparent age**: how old a face looks to the model in this one photo. Light, pose,
  expression, make-up and picture quality all move it.
- **Gender as labelled in the dataset** (two labels); it says nothing of identity.
- The model is more often wrong for some groups of people than for others.
- It is **not for** age checks, hiring, surveillance or any decision about a person.
"""

YOUR_PHOTOS = """
Photos are worked on in the memory of the machine that runs the app. They are not
stored and not sent anywhere else. A large upload may pass through a nameless temporary
file while it arrives.
"""


def show_models() -> None:
    """Show the cards of the installed models, or what to do when there is none."""
    try:
        cards = read_cards()
    except AgeModelError as error:
        st.error(str(error))
        return
    if not cards:
        st.info(
            "No trained model is installed. `python -m agemodel export RUN NAME` "
            "makes one from a training run."
        )
    for name, card in cards.items():
        show_model_card(name, card)


def licences() -> str:
    """The text of docs/licences.md below its heading."""
    text = (paths.ROOT / "docs" / "licences.md").read_text("utf-8")
    return text.partition("\n")[2]


st.set_page_config(layout="centered")
st.title("About")
st.markdown(WHAT_IT_DOES)
st.header("What an estimate is")
st.markdown(WHAT_AN_ESTIMATE_IS)
st.header("Your photos")
st.markdown(YOUR_PHOTOS)
st.header("Models")
show_models()
st.header("Licences")
st.markdown(licences())
