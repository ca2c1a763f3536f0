"""The faces of a labelled set as a table like that of UTKFace, with what it knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.columns import category
from agemodel.core.labels import AGE_GROUPS, GENDERS, SPLIT_NAMES, age_group_index
from agemodel.dataset.index import UNKNOWN, read_index
from agemodel.dataset.labelled_sets import set_dir


def read_set_faces(data_dir: Path, name: str) -> pd.DataFrame:
    """Read the table of a labelled set's faces, a row each, sorted by file.

    Args:
        data_dir: the data folder.
        name: of the set.

    Returns:
        As `face_table.read_faces` has them: `file`, `age` (the middle, where the label
        is a range), `age_group`, `gender` (unless the set tells none) and `split`. And
        `label` (str), the labelled age as it was given: `30`, or `20 to 36`.

    Raises:
        DatasetError: the set is not imported, or its index is damaged.
    """
    index = read_index(set_dir(data_dir, name)).sort_values("file", ignore_index=True)
    low, high = (index[column].to_numpy() for column in ("age_low", "age_high"))
    ranges = [f"{least} to {most}" for least, most in zip(low, high, strict=True)]
    faces = pd.DataFrame(
        {
            "file": index["file"],
            "age": index["age"].astype(np.int16),
            "label": np.where(low == high, low.astype(str), ranges),
            "age_group": category(age_group_index(index["age"].to_numpy()), AGE_GROUPS),
            "gender": category(index["gender"].to_numpy(), GENDERS),
            "split": pd.Categorical(
                index["split"].where(index["split"] != ""), SPLIT_NAMES
            ),
        }
    )
    told = (index["gender"] != UNKNOWN).any()
    return faces if told else faces.drop(columns="gender")
