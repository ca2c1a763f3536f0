"""The faces that a recipe trains, chooses and reports on, and how each is cut out."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.dataset.copies import read_copies
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.index import read_index
from agemodel.dataset.labelled_sets import UTKFACE_SET, set_dir, set_images
from agemodel.faces import CropSquare, crop_square, square_of_picture
from agemodel.images import read_image
from agemodel.runs.config import TrainConfig

_VAL_SHARE_OF_SEED = 0.1


def recipe_faces(
    config: TrainConfig,
    data_dir: Path,
    progress: OnProgress | None = None,
    part: str | None = None,
) -> pd.DataFrame:
    """The faces a recipe trains, chooses and reports on, with their crops.

    The `seed` split has no val part: a tenth of its training faces, drawn by the
    recipe's seed, chooses the epoch. With `part` only the faces of train, val or test
    are returned, and searched for. Of a labelled set those are left out that are copies
    of another set's, and those in which the detector finds no face.

    Returns:
        The columns of `index.LABELLED_SCHEMA` with `set`; `weight`, which the recipe
        gives the set; `part` (train, val or test); `path` of the image; `square`, a
        `CropSquare`, or None for the whole picture; and `yaw_deg`, 0 where no face was
        found or looked for. `file` begins with the set's name and a slash, but for
        UTKFace's.

    Raises:
        DatasetError: a data set is missing, or there is no face to train on.
    """
    weights = config.data_weights or (1.0,) * len(config.data)
    sets = [
        _set_faces(config, data_dir, name).assign(set=name, weight=weight)
        for name, weight in zip(config.data, weights, strict=True)
    ]
    faces = pd.concat(sets, ignore_index=True) if len(sets) > 1 else sets[0]
    rng = np.random.default_rng(config.seed)
    if config.split == "seed":
        train_rows = np.flatnonzero(faces["part"] == "train")
        size = int(len(train_rows) * _VAL_SHARE_OF_SEED)
        faces.loc[rng.choice(train_rows, size, replace=False), "part"] = "val"
    if config.share < 1:
        train_rows = np.flatnonzero(faces["part"] == "train")
        size = int(len(train_rows) * (1 - config.share))
        faces = faces.drop(index=rng.choice(train_rows, size, replace=False).tolist())
    if not {"train", "val"} <= set(faces["part"]):
        raise DatasetError(
            f"The imported faces of {', '.join(config.data)} have none to train and to "
            f"choose on in the split {config.split!r}. Import UTKFace: python -m "
            "agemodel data import ARCHIVE"
        )
    if part is not None:
        faces = faces[faces["part"] == part]
    faces = faces.reset_index(drop=True)
    if config.framing == "chip":
        no_square = pd.Series([None] * len(faces), dtype=object)
        return faces.assign(square=no_square, yaw_deg=0.0)
    return _with_squares(faces, data_dir, progress)


def _set_faces(config: TrainConfig, data_dir: Path, name: str) -> pd.DataFrame:
    """The faces of one set, with `part` and `path`."""
    images = set_images(data_dir, name)
    index = read_index(set_dir(data_dir, name))
    faces = index[index[config.split] != ""].reset_index(drop=True)
    if name == UTKFACE_SET:
        faces = faces.assign(age_low=faces["age"], age_high=faces["age"], person="")
    else:
        copies = read_copies(data_dir, name)["file"]
        faces = faces[~faces["file"].isin(copies)].reset_index(drop=True)
    faces["part"] = faces[config.split]
    faces["path"] = [images / file for file in faces["file"]]
    if name != UTKFACE_SET:
        faces["file"] = f"{name}/" + faces["file"]
    return faces


def _with_squares(
    faces: pd.DataFrame, data_dir: Path, progress: OnProgress | None
) -> pd.DataFrame:
    """Faces with `square`, without those of labelled sets in which none is found."""
    parts = []
    for name, part in faces.groupby("set", sort=False):
        files = [path.name for path in part["path"]]
        crops = read_crops(set_dir(data_dir, str(name)), files, progress)
        squares: list[CropSquare] = [square_of_row(row) for _, row in crops.iterrows()]
        part = part.assign(
            square=pd.Series(squares, part.index, dtype=object),
            yaw_deg=crops["yaw_deg"].to_numpy(),
        )
        kept = (name == UTKFACE_SET) | crops["found"].to_numpy()
        parts.append(part[kept])
    return pd.concat(parts, ignore_index=True)


def read_face(path: Path, square: CropSquare | None) -> tuple[np.ndarray, CropSquare]:
    """The picture in a file, shape (h, w, 3), and where its face is; None: all of it.

    Raises:
        ImageError: the file cannot be read.
    """
    rgb = read_image(path).rgb
    return rgb, square or square_of_picture(rgb)


def plain_crop(path: Path, square: CropSquare | None, size_px: int) -> np.ndarray:
    """The face in a file as the model sees it, shape (size_px, size_px, 3), uint8."""
    rgb, square = read_face(path, square)
    return crop_square(rgb, square, size_px)


def crops_of(faces: pd.DataFrame, size_px: int) -> np.ndarray:
    """Faces as the model sees them, shape (n, size_px, size_px, 3), uint8.

    Args:
        faces: as returned by `recipe_faces`.
        size_px: the side of the network's input.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        crops = pool.map(
            partial(plain_crop, size_px=size_px), faces["path"], faces["square"]
        )
        return np.stack(list(crops))
