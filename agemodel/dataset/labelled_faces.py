"""The faces that a recipe trains, chooses and reports on, and how each is cut out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.index import images_dir, read_index
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
    are returned, and searched for.

    Returns:
        The index's columns with `part` (train, val or test) and `square`, a
        `CropSquare`, or None for the whole picture.

    Raises:
        DatasetError: the dataset is missing, or has no face to train on.
    """
    index = read_index(data_dir)
    faces = index[index[config.split] != ""].reset_index(drop=True)
    faces["part"] = faces[config.split]
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
            f"The imported dataset has no faces to train and to choose on in the split "
            f"{config.split!r}. Import UTKFace: python -m agemodel data import ARCHIVE"
        )
    if part is not None:
        faces = faces[faces["part"] == part]
    faces = faces.reset_index(drop=True)
    faces["square"] = _squares(config, data_dir, faces, progress)
    return faces


def _squares(
    config: TrainConfig,
    data_dir: Path,
    faces: pd.DataFrame,
    progress: OnProgress | None,
) -> pd.Series:
    if config.framing == "chip":
        return pd.Series([None] * len(faces), dtype=object)
    crops = read_crops(data_dir, faces["file"].tolist(), progress)
    squares: list[CropSquare] = [square_of_row(row) for _, row in crops.iterrows()]
    return pd.Series(squares, dtype=object)


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


def crops_of(faces: pd.DataFrame, config: TrainConfig, data_dir: Path) -> np.ndarray:
    """Faces as the model sees them, shape (n, input_px, input_px, 3), uint8."""
    folder = images_dir(data_dir)
    return np.stack(
        [
            plain_crop(folder / file, square, config.input_px)
            for file, square in zip(faces["file"], faces["square"], strict=True)
        ]
    )
