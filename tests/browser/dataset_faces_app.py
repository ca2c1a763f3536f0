"""The Dataset page with made faces and pictures, as a Streamlit script."""

import os
import runpy
from pathlib import Path

import numpy as np
import streamlit as st

from agemodel.core import paths
from tests.harness.dataset_archives import tiny_jpeg
from tests.harness.fakes import embedding_of_age
from tests.harness.made_tables import random_table
from ui import dataset_pictures
from ui.dataset import dataset_state, dataset_tables

FACES = 70
HOME = Path(os.environ["HOME"])
PICTURES = HOME / "pictures"


@st.cache_resource
def made() -> tuple:
    faces = random_table(FACES)
    PICTURES.mkdir(exist_ok=True)
    for row, file in enumerate(faces["file"]):
        (PICTURES / file).write_bytes(tiny_jpeg(3 * row))
    placed = np.stack([embedding_of_age(age) for age in faces["age"]])
    return faces, placed.astype(np.float32)


st.set_page_config(layout="wide")
st.html(paths.ROOT / "ui" / "app.css")
os.environ["AGEMODEL_DATA"] = str(HOME / "data")
dataset_state.faces = lambda: made()[0]
dataset_pictures.pictures_dir = lambda: made() and PICTURES
dataset_tables.embeddings = lambda faces: made()[1]
dataset_tables.distributions = lambda faces: np.full((FACES, 116), 1 / 116, np.float32)
runpy.run_path(str(paths.ROOT / "pages" / "dataset.py"))
