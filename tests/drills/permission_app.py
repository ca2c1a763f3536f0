"""Says whether its visitor may change anything, as a Streamlit script."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from ui.permission import may_change  # noqa: E402

st.text("may" if may_change() else "may not")
