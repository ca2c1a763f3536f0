"""What the pictures of the dataset show, measured once, to ship without the pictures.

Two files come of it, a table with a row a face (quality, duplicates, place on the map)
and the average faces of groups. Neither holds a picture of a single person.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core import paths
from agemodel.core.callbacks import OnProgress
from agemodel.core.checksums import read_manifest, sha256_of, write_manifest
from agemodel.core.errors import ModelError
from agemodel.core.files import write_whole
from agemodel.core.labels import age_group_index
from agemodel.core.tables import parquet_of
from agemodel.dataset.crops import read_crops, square_of_row
from agemodel.dataset.duplicates import (
    exact_pairs,
    first_of_each,
    groups_of,
    near_pairs,
    perceptual_hashes,
    pixel_digest,
    thumbnail,
)
from agemodel.dataset.index import images_dir, read_index
from agemodel.explorer import averages
from agemodel.explorer.averages import AverageFaces, write_averages
from agemodel.explorer.face_map import MIN_FACES, place_faces
from agemodel.explorer.face_measures import FILE, SCHEMA
from agemodel.explorer.model_estimates import read_embeddings
from agemodel.faces import BOX_SCALE, CropSquare, crop_square
from agemodel.faces.quality import grey_of, sharpness
from agemodel.images import read_image
from agemodel.models.model_folder import ModelFolder

GREY_SPREAD = 4.0
"""A picture whose pixels' largest and smallest channel differ by less than this on
average has no colour: so it was with all of some 40 of UTKFace that were looked at.
Tinted (sepia) photos are beyond it, from 5 on, where dark faces in colour begin too."""

_DECIMALS = {
    "sharpness": 4,
    "brightness": 1,
    "face_px": 1,
    "yaw_deg": 1,
    "map_x": 4,
    "map_y": 4,
}
"""What the measures are good for; more would only make the file larger."""

_BLOCK = 256
_SOURCE = (
    "Measured on UTKFace (Z. Zhang, Y. Song and H. Qi, CVPR 2017) by "
    "`python -m agemodel data describe`"
)
_LICENCE = (
    "Made from UTKFace, which is for non-commercial research only, and to be used for "
    "that alone."
)
_NO_PICTURE = "Statistics, not pictures of single people."
_MADE_OF = {
    FILE: f"{_LICENCE} {_NO_PICTURE}",
    averages.FILE: (
        f"{_LICENCE} {_NO_PICTURE} Each average is of at least {averages.MIN_FACES} "
        "faces, no two of them from one photo."
    ),
}

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


def describe(
    data_dir: Path,
    model_folder: Path,
    progress: OnProgress | None = None,
    folder: Path | None = None,
) -> str:
    """Measure every face and write what ships: the table and the average faces.

    The same images, model and libraries give the same files, to the byte.

    Args:
        data_dir: an imported dataset.
        model_folder: of an exported model: the size of its crops, and its embeddings
            for the map. Without embeddings there is no map.
        progress: called with (done, total, what is being done).
        folder: where to write, `assets/utkface/` unless given.

    Returns:
        What was found, in a few sentences.

    Raises:
        DatasetError: the dataset is missing, or scikit-learn for the map is.
        ImageError: an image of the dataset cannot be read.
        ModelError: the model, or the detector's weights, are missing or damaged.
    """
    report = progress or (lambda done, total, text: None)
    index = read_index(data_dir)
    size_px = ModelFolder(model_folder).card.input_px
    places, no_map = _places(index, model_folder, report)
    images = images_dir(data_dir)
    crops = read_crops(data_dir, index["file"].tolist(), progress)
    faces = _measure(images, crops, size_px, report)
    faces["map_x"], faces["map_y"] = places.T
    usable = faces["found"] & first_of_each(faces["duplicate_group"].to_numpy())
    means = _average(images, index[usable.to_numpy()], report)
    _write(
        folder or paths.SPLITS.parent,
        {FILE: _table_of(faces), averages.FILE: write_averages(means)},
    )
    return _in_words(faces, index["split"].to_numpy(), len(means), no_map)


def _places(
    index: pd.DataFrame, model_folder: Path, report: OnProgress
) -> tuple[np.ndarray, str]:
    """Places on the map, shape (n, 2), nan for none, and why there is no map."""
    places = np.full((len(index), 2), np.nan, np.float32)
    try:
        embeddings = read_embeddings(index, model_folder)
    except ModelError as error:
        return places, str(error)
    known = embeddings.any(axis=1)
    if known.sum() < MIN_FACES:
        return places, f"The model has embeddings of {known.sum()} faces only."
    report(0, None, "laying out the map")
    places[known] = place_faces(embeddings[known])
    return places, ""


def _measure(
    images: Path, crops: pd.DataFrame, size_px: int, report: OnProgress
) -> pd.DataFrame:
    """The table without the map."""

    def look(face: tuple[str, CropSquare]) -> tuple[bytes, np.ndarray, float, float]:
        file, square = face
        rgb = read_image(images / file).rgb
        grey = grey_of(crop_square(rgb, square, size_px))
        return pixel_digest(rgb), thumbnail(rgb), sharpness(grey), float(grey.mean())

    squares = [square_of_row(row) for _, row in crops.iterrows()]
    items = list(zip(crops.index, squares, strict=True))
    looked = _for_each(look, items, report, "measuring faces")
    digests, thumbnails, sharpnesses, brightnesses = zip(*looked, strict=True)
    small = np.stack(thumbnails)  # (n, 32, 32, 3)
    found = crops["found"].to_numpy()
    return pd.DataFrame(
        {
            "file": crops.index,
            "sharpness": sharpnesses,
            "brightness": brightnesses,
            "face_px": np.where(found, crops["side_px"] / BOX_SCALE, np.nan),
            "yaw_deg": np.where(found, crops["yaw_deg"], np.nan),
            "found": found,
            "greyscale": _is_grey(small),
            **_duplicates(digests, small),
        }
    )


def _is_grey(small: np.ndarray) -> np.ndarray:
    """Which thumbnails, shape (n, 32, 32, 3), have no colour; shape (n,), bool."""
    spread = small.max(axis=3) - small.min(axis=3)
    return spread.mean((1, 2)) < GREY_SPREAD


def _duplicates(digests: Sequence[bytes], small: np.ndarray) -> dict[str, np.ndarray]:
    # The weights of ITU-R BT.601, as OpenCV's.
    greys = (small @ np.array([0.299, 0.587, 0.114], np.float32)).round()
    exact = exact_pairs(digests)
    alike = np.concatenate([exact, near_pairs(greys)])
    return {
        "hash": perceptual_hashes(greys)[0],
        "duplicate_group": groups_of(alike, len(digests)),
        "exact_group": groups_of(exact, len(digests)),
    }


def _average(images: Path, index: pd.DataFrame, report: OnProgress) -> pd.DataFrame:
    """The average faces of the faces in an index."""
    means = AverageFaces()
    chips = _for_each(
        lambda file: read_image(images / file).rgb,
        index["file"].tolist(),
        report,
        "averaging faces",
    )
    groups = age_group_index(index["age"].to_numpy())
    labels = zip(groups, index["gender"], index["race"], strict=True)
    for chip, (group, gender, race) in zip(chips, labels, strict=True):
        means.add(chip, group, gender, race)
    return means.table()


def _for_each(
    function: Callable[[_Item], _Found],
    items: Sequence[_Item],
    report: OnProgress,
    text: str,
) -> Iterator[_Found]:
    """The function of each item, in order, by all cores; few wait in memory."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(items), _BLOCK):
            yield from pool.map(function, items[start : start + _BLOCK])
            report(min(start + _BLOCK, len(items)), len(items), text)


def _table_of(faces: pd.DataFrame) -> bytes:
    """The content of the table's file."""
    rounded = faces.round(_DECIMALS)
    table = pa.Table.from_pandas(rounded, schema=SCHEMA.arrow, preserve_index=False)
    return parquet_of(table.replace_schema_metadata())


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files whole, then the manifest that holds them to their checksums."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {}
    with contextlib.suppress(OSError, ValueError):
        manifest = read_manifest(folder)  # what it says of other files stays
    for name, content in files.items():
        write_whole(folder / name, content)
        manifest[name] = {
            "sha256": sha256_of(content),
            "source": _SOURCE,
            "licence": _MADE_OF[name],
        }
    write_manifest(folder, manifest)


def _in_words(
    faces: pd.DataFrame, split: np.ndarray, averages_made: int, no_map: str
) -> str:
    groups = faces["duplicate_group"].to_numpy()
    in_train, in_test = (
        np.unique(groups[(groups >= 0) & (split == name)]) for name in ("train", "test")
    )
    crossing = np.intersect1d(in_train, in_test)
    crossing_test = (np.isin(groups, crossing) & (split == "test")).sum()
    return (
        f"{len(faces):,} faces described, {(~faces['found']).sum():,} of them without "
        f"a face found, {faces['greyscale'].sum():,} greyscale. "
        f"{(groups >= 0).sum():,} faces are duplicates, of {groups.max() + 1:,} "
        f"photos; {(faces['exact_group'] >= 0).sum():,} are exact. {len(crossing):,} "
        f"photos are in train and in test: {crossing_test:,} test faces have a "
        f"duplicate in train. {averages_made:,} average faces. "
        + (f"No map: {no_map}" if no_map else "The map is there.")
    )
