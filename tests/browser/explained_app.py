"""The Estimate page with an estimator that can be foretold, as a Streamlit script."""

import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import streamlit as st  # noqa: E402

from tests.harness.fakes import FakeEstimator  # noqa: E402
from ui import served_model  # noqa: E402

st.set_page_config(layout="wide")
served_model.estimator = lambda: FakeEstimator(explains=True)
runpy.run_path(str(ROOT / "pages" / "estimate.py"))
