"""Average faces: the mean picture of many people of an age group, gender and race.

The mean is of the dataset's own chips, which its makers aligned by 68 landmarks: the
mean of the model's crops, whose squares come from a detector's box, is visibly softer
(by the spread of its fine detail, 2.6 against 4.5 grey levels), and turning the faces
by two detected eyes brings nothing. It is taken over the stored values: over linear
light, bright backgrounds wash the faces out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.labels import AGE_GROUPS, GENDERS, RACES
from agemodel.core.tables import parquet_of, read_parquet
from agemodel.images import encode_jpeg

FILE = "averages.parquet"
MIN_FACES = 25
"""No average is of fewer faces, so that none shows a person; and none is shown where
the difference from a wider one (male from all genders) would be of fewer."""
SIDE_PX = 128
ALL = "all"
"""Stands for every gender, or every race."""


class AverageFaces:
    """Adds up pictures by what they are labelled as."""

    def __init__(self) -> None:
        cells = (len(AGE_GROUPS), len(GENDERS), len(RACES))
        # Whole numbers, so that the order of adding makes no difference.
        self._sums = np.zeros((*cells, SIDE_PX, SIDE_PX, 3), np.int64)
        self._counts = np.zeros(cells, np.int64)

    def add(self, chip: np.ndarray, age_group: int, gender: int, race: int) -> None:
        """Add a picture.

        Args:
            chip: an aligned face, shape (s, s, 3), uint8.
            age_group: index into `labels.AGE_GROUPS`.
            gender: index into `labels.GENDERS`.
            race: index into `labels.RACES`.
        """
        size = (SIDE_PX, SIDE_PX)
        small = cv2.resize(chip, size, interpolation=cv2.INTER_AREA)
        self._sums[age_group, gender, race] += small
        self._counts[age_group, gender, race] += 1

    def table(self) -> pd.DataFrame:
        """The averages that may be shown, as `read_averages` has them."""
        columns = ["age_group", "gender", "race", "n", "jpeg"]
        return pd.DataFrame(list(self._rows()), columns=columns)

    def _rows(self) -> Iterator[tuple[str, str, str, int, bytes]]:
        for group, age_group in enumerate(AGE_GROUPS):
            for gender, gender_cells in _choices(GENDERS):
                for race, race_cells in _choices(RACES):
                    cells = (group, gender_cells, race_cells)
                    if self._may_show(*cells):
                        n = int(self._counts[cells].sum())
                        mean = self._sums[cells].sum((0, 1)) / n
                        jpeg = encode_jpeg(mean.round().astype(np.uint8))
                        yield age_group, gender, race, n, jpeg

    def _may_show(self, group: int, gender: slice, race: slice) -> bool:
        """Whether enough faces make an average, and what is left of a wider one."""
        counts = self._counts[group]
        n = counts[gender, race].sum()
        rests = (counts[:, race].sum() - n, counts[gender].sum() - n)
        return n >= MIN_FACES and all(rest == 0 or rest >= MIN_FACES for rest in rests)


def _choices(names: tuple[str, ...]) -> Iterator[tuple[str, slice]]:
    """All of them together, then each by itself, with their cells."""
    yield ALL, slice(None)
    for number, name in enumerate(names):
        yield name, slice(number, number + 1)


def write_averages(averages: pd.DataFrame) -> bytes:
    """The content of the file that `read_averages` reads."""
    return parquet_of(pa.Table.from_pandas(averages, preserve_index=False))


def read_averages(folder: Path | None = None) -> pd.DataFrame:
    """Read the average faces that ship.

    Args:
        folder: of the description, `assets/utkface/` unless given.

    Returns:
        `age_group` (of `labels.AGE_GROUPS`), `gender` (of `labels.GENDERS`, or
        `ALL`), `race` (of `labels.RACES`, or `ALL`), `n` (how many faces, each from
        another photo), `jpeg` (bytes of a picture of 128 x 128 px), in that order.

    Raises:
        ModelError: the file is missing, or differs from its checksum.
    """
    content = read_verified(folder or paths.SPLITS.parent, FILE)
    return read_parquet(content).to_pandas()
