"""The Estimate page with predictable estimates, as a Streamlit script."""

import os
import runpy
from pathlib import Path

import streamlit as st

from agemodel.core import paths
from tests.harness.fakes import GATE, GatedEstimator
from ui import served_model

st.set_page_config(layout="wide")
served_model.estimator = lambda: GatedEstimator(Path(os.environ["HOME"], GATE))
runpy.run_path(str(paths.ROOT / "pages" / "estimate.py"))
