"""The faces of a labelled set beside UTKFace, as a table like that of UTKFace."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pandas as pd

from agemodel.core.errors import AgeModelError
from agemodel.dataset.index import read_index
from agemodel.dataset.labelled_sets import read_about, set_dir
from agemodel.explorer.face_table import beside, label_columns, prepare
from agemodel.explorer.model_estimates import read_set_estimates

_MAY_LACK = ("gender", "race", "split", "coral", "date")


def read_set_faces(data_dir: Path, name: str) -> pd.DataFrame:
    """Read the table of all faces of a labelled set, a row each, sorted by file.

    Args:
        data_dir: the data folder.
        name: of the set; not UTKFace.

    Returns:
        The columns of labels as returned by `face_table.read_faces`, without those of
        which the set tells nothing; `label_low` and `label_high` (int16, years: the
        range that a label allows; `age` is its middle) and `label` (str), the same as
        it was given: `30`, or `20 to 36`. Where the run of the app's model has
        estimated faces of the set, as it does those of val and test, the columns of
        `model_estimates.read_estimates`. And what `face_table.prepare` adds.

    Raises:
        DatasetError: the set is not imported, or damaged.
    """
    read_about(data_dir, name)
    rows = read_index(set_dir(data_dir, name)).sort_values("file", ignore_index=True)
    low, high = rows["age_low"], rows["age_high"]
    label = low.astype(str).where(
        low == high, low.astype(str) + " to " + high.astype(str)
    )
    faces = label_columns(rows).assign(label_low=low, label_high=high, label=label)
    faces = faces.drop(columns=[c for c in _MAY_LACK if faces[c].isna().all()])
    with contextlib.suppress(AgeModelError):  # the model's run may not know the set
        estimates = beside(read_set_estimates(name), faces["file"])
        faces = pd.concat([faces, estimates], axis=1)
    return prepare(faces)
