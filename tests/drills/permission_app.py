"""Says whether its visitor may change anything, as a Streamlit script."""

import streamlit as st

from ui.permission import may_change

st.text("may" if may_change() else "may not")
