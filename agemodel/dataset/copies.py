"""The same photo in two data sets: found, so that no such face trains and reports.

A face of a labelled set that is a copy, exact or near, of one in UTKFace or in another
set is in no part of the set. Both are cut out as the model sees them before they are
compared, for sets frame their faces differently.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.files import data_place, write_whole, writing
from agemodel.core.tables import parquet_of, read_parquet
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.duplicates import THUMBNAIL_PX, near_pairs, thumbnail
from agemodel.dataset.index import images_dir, read_index
from agemodel.dataset.labelled_sets import UTKFACE_SET, set_dir, set_names
from agemodel.dataset.record import RECORD_NAME, read_record
from agemodel.faces import crop_square
from agemodel.images import read_image

FILE = "copies.parquet"


def find_copies(
    data_dir: Path, name: str, progress: OnProgress | None = None
) -> pd.DataFrame:
    """Find and note the faces of a set that are in UTKFace or in another set, too.

    Args:
        data_dir: the data folder.
        name: of a labelled set.
        progress: called with (done, total, what is being done).

    Returns:
        `file` (of the set), `other_set` and `other_file`, a row a copy.

    Raises:
        DatasetError: the set is not imported, or its folder cannot be written to.
    """
    others = [other for other in _imported(data_dir) if other != name]
    names = [name, *others]
    faces = pd.concat(
        [read_index(set_dir(data_dir, one))[["file"]].assign(set=one) for one in names],
        ignore_index=True,
    )
    greys = np.concatenate([_greys(set_dir(data_dir, one), progress) for one in names])
    pairs = near_pairs(greys)
    own = (faces["set"] == name).to_numpy()
    pairs = pairs[own[pairs[:, 0]] & ~own[pairs[:, 1]]]  # the set's own come first
    copies = pd.DataFrame(
        {
            "file": faces["file"].to_numpy()[pairs[:, 0]],
            "other_set": faces["set"].to_numpy()[pairs[:, 1]],
            "other_file": faces["file"].to_numpy()[pairs[:, 1]],
        },
        dtype=str,
    )
    with writing(f"The copies in {name}", data_place(data_dir), DatasetError):
        table = pa.Table.from_pandas(copies, preserve_index=False)
        write_whole(_path(set_dir(data_dir, name)), parquet_of(table))
    return copies


def read_copies(data_dir: Path, name: str) -> pd.DataFrame:
    """What `find_copies` noted of a set; no rows where it was not run.

    Raises:
        DatasetError: the set is not imported, or the file is damaged.
    """
    path = _path(set_dir(data_dir, name))
    try:
        return read_parquet(path).to_pandas()
    except FileNotFoundError:
        return pd.DataFrame({"file": [], "other_set": [], "other_file": []}, dtype=str)
    except (OSError, ValueError, pa.ArrowException) as error:
        problem = f"{path} is damaged ({error}). Import the set again."
        raise DatasetError(problem) from error


def _path(folder: Path) -> Path:
    """In the import's own folder: another import has other copies."""
    return folder / read_record(folder).folder / FILE


def _imported(data_dir: Path) -> list[str]:
    utkface = [UTKFACE_SET] if (data_dir / RECORD_NAME).exists() else []
    return [*utkface, *set_names(data_dir)]


def _greys(folder: Path, progress: OnProgress | None) -> np.ndarray:
    """The faces of a set, shape (n, 32, 32), uint8, in the order of its index."""
    files = read_index(folder)["file"].tolist()
    crops, images = read_crops(folder, files, progress), images_dir(folder)
    greys = np.zeros((len(files), THUMBNAIL_PX, THUMBNAIL_PX), np.uint8)
    for place, (file, row) in enumerate(crops.iterrows()):
        rgb = crop_square(
            read_image(images / str(file)).rgb, square_of_row(row), 4 * THUMBNAIL_PX
        )
        greys[place] = thumbnail(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
        if progress and place % 100 == 0:
            progress(place, len(files), "looking for copies")
    return greys
