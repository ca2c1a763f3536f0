"""What this is, what it is for and not for, on which data, and under which terms."""

import streamlit as st

from ui.about import about_texts, shipped_view
from ui.about.model_views import faces_in_words, show_glance, show_models
from ui.page_header import show_title
from ui.presentation import without_sidebar

LINE_PX = 800
"""Longer lines are hard to read."""


def start(anchor: str) -> None:
    """Draw the header of a section, which links can lead to."""
    st.header(about_texts.SECTIONS[anchor], anchor=anchor)


links = [f"[{title}](#{anchor})" for anchor, title in about_texts.SECTIONS.items()]
show_title("About")
if without_sidebar():
    st.markdown(" · ".join(links))
else:
    with st.sidebar:  # which stays in view
        st.markdown("  \n".join(links))
with st.container(width=LINE_PX):
    start("glance")
    show_glance()
    start("what")
    st.markdown(about_texts.WHAT_IT_DOES)
    start("estimate")
    st.markdown(about_texts.WHAT_AN_ESTIMATE_IS)
    start("photos")
    st.markdown(about_texts.YOUR_PHOTOS)
    start("model")
    show_models()
    start("data")
    st.markdown(about_texts.THE_DATA_IS)
    st.markdown(faces_in_words())
    st.markdown("**What it is not**")
    st.markdown(about_texts.THE_DATA_IS_NOT)
    start("limits")
    st.markdown(about_texts.LIMITS)
    start("licences")
    shipped_view.show_licences()
    start("files")
    shipped_view.show_files()
    start("versions")
    shipped_view.show_versions()
    start("cite")
    shipped_view.show_citations()
