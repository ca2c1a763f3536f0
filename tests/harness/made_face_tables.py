"""A made-up table of a million faces, and the Dataset page that serves it.

Run as a program with a path, it writes the table there: to make it takes more memory
than to hold it, so that is done in a process of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from pyarrow import feather

from tests.harness.made_tables import random_table

COUNT = 1_000_000

APP = """
import pandas as pd
import streamlit as st

from agemodel.core import paths
from ui.dataset import dataset_state as state

state.read_faces = lambda: pd.read_feather({path!r})
st.set_page_config(layout="wide")
page = st.Page(paths.ROOT / "pages" / "dataset.py", title="Dataset", default=True)
st.navigation([page], position="hidden").run()
"""


def write_app(folder: Path, table: Path) -> Path:
    """Write the script of a Streamlit app with the Dataset page alone; its path."""
    script = folder / "made_faces_app.py"
    script.write_text(APP.format(path=str(table)), "utf-8")
    return script


def main() -> None:
    """Write the table to the path that is given."""
    table = pa.Table.from_pandas(random_table(COUNT))
    feather.write_feather(table, sys.argv[1], compression="uncompressed")


if __name__ == "__main__":
    main()
