"""The Estimate page with predictable estimates, as a Streamlit script."""

import os
import runpy
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from tests.harness.fakes import GATE, GatedEstimator  # noqa: E402
from ui import served_model  # noqa: E402

st.set_page_config(layout="wide")
served_model.estimator = lambda: GatedEstimator(Path(os.environ["HOME"], GATE))
runpy.run_path(str(ROOT / "pages" / "estimate.py"))
