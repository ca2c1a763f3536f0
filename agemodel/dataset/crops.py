"""Where the face is in every image of the dataset, found once and kept.

Training and evaluation cut faces out of the chips through the same function as the app
does out of photos. The few chips in which no face is found keep their own framing;
they are counted.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import pandas as pd
import pyarrow as pa

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError
from agemodel.core.files import data_place, write_whole, writing
from agemodel.core.tables import parquet_of, read_parquet
from agemodel.dataset.index import images_dir
from agemodel.faces import CropSquare, square_of_detection, square_of_picture
from agemodel.faces.detector import FaceDetector
from agemodel.images import read_image

FILE = "crops.parquet"

DETECTOR_VERSION = "1"
"""Of the crops of a dataset, to be raised by hand whenever the detector, its weights or
the crop change: crops of another version are searched for anew."""

_SAME_AS_VERSION_1 = "de6e6a0c04d13a32bfac7d909ec02fd3a49d3e092612d0a576e7c217c70fb2ae"
"""What release 0.1.0 wrote in its place."""


def read_crops(
    data_dir: Path, files: Sequence[str], progress: OnProgress | None = None
) -> pd.DataFrame:
    """The crop of each file, from the dataset's folder or, the first time, by search.

    Args:
        data_dir: an imported dataset.
        files: names in its index.
        progress: called with (done, total, what is being done).

    Returns:
        Indexed by file: `found` (bool), `x`, `y`, `side_px`, `angle_deg` (float64),
        the square in px of the chip, and `yaw_deg`, 0 where no face was found.

    Raises:
        DatasetError: the dataset is missing, or its folder cannot be written to.
        ModelError: the detector's weights are missing or damaged.
    """
    path = images_dir(data_dir).parent / FILE
    known = _read_known(path)
    missing = sorted(set(files) - set(known.index))
    if missing:
        found = _detect_all(data_dir, missing, progress)
        known = pd.concat([known, found]) if len(known) else found
        _write(path, known, data_dir)
    return known.loc[list(files)]


def square_of_row(row: pd.Series) -> CropSquare:
    """The square that a row of `read_crops` describes."""
    return CropSquare((row["x"], row["y"]), row["side_px"], row["angle_deg"])


def _detect_all(
    data_dir: Path, files: Sequence[str], progress: OnProgress | None
) -> pd.DataFrame:
    folder, own, rows = images_dir(data_dir), local(), []

    def locate(file: str) -> tuple:
        if not hasattr(own, "detector"):
            own.detector = FaceDetector()
        rgb = read_image(folder / file).rgb
        face = own.detector.detect_in_chip(rgb)
        square = square_of_picture(rgb) if face is None else square_of_detection(face)
        yaw = face.yaw_deg if face else 0.0
        x, y = square.centre_xy
        return file, face is not None, x, y, square.side_px, square.angle_deg, yaw

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row in pool.map(locate, files, chunksize=1):
            rows.append(row)
            if progress:
                progress(len(rows), len(files), "finding faces")
    columns = ["file", "found", "x", "y", "side_px", "angle_deg", "yaw_deg"]
    return pd.DataFrame(rows, columns=columns).set_index("file")


def _read_known(path: Path) -> pd.DataFrame:
    """What an earlier search found, if it was by this very detector."""
    try:
        table = read_parquet(path)
    except (OSError, ValueError, pa.ArrowException):
        return pd.DataFrame()
    version = (table.schema.metadata or {}).get(b"detector", b"").decode()
    if version not in (DETECTOR_VERSION, _SAME_AS_VERSION_1):
        return pd.DataFrame()
    return table.to_pandas().set_index("file")


def _write(path: Path, crops: pd.DataFrame, data_dir: Path) -> None:
    table = pa.Table.from_pandas(crops.reset_index(), preserve_index=False)
    table = table.replace_schema_metadata({"detector": DETECTOR_VERSION})
    with writing("Where the faces are", data_place(data_dir), DatasetError):
        write_whole(path, parquet_of(table))
