"""Downloads of the predictions, the tables and the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from agemodel.explorer.table_exports import selection_csv
from agemodel.report import evaluation_tables, report_html, tables_zip
from agemodel.runs.run_folder import Run
from ui.downloads import show_files

_CHARTS = (
    "A chart: point at it and press the camera at its corner; it is saved as SVG, "
    "which browsers and office programs draw and save as PNG."
)


def show_downloads(run: Run, estimates: pd.DataFrame, rows: np.ndarray) -> None:
    """Offer what the page shows as files; no pictures of the dataset."""
    with st.popover("Export", icon=":material/download:"):
        st.caption(f"The {np.count_nonzero(rows):,} faces of the slice, as tables:")
        files = (
            (
                "Their predictions (CSV)",
                f"{run.id}-predictions.csv",
                lambda: selection_csv(estimates, np.flatnonzero(rows)),
            ),
            (
                "All tables (.zip of CSV)",
                f"{run.id}-tables.zip",
                lambda: tables_zip(evaluation_tables(estimates, rows)),
            ),
        )
        show_files("evaluation", files, disabled=not rows.any())
        st.caption(
            "The whole page over all test faces, as one HTML file that needs no "
            "network; printed from a browser it is a PDF:"
        )
        report = ("Report (HTML)", f"{run.id}.html", lambda: report_html(run).encode())
        show_files("evaluation", [report])
        st.caption(f"From the command line: `python -m agemodel report {run.id}`")
        st.caption(_CHARTS)
