"""Labels of faces in a CSV file: ages or ranges of ages, perhaps more.

Columns: `file` and `age`, or `age_low` and `age_high`; perhaps `gender` (male, female
or empty), `split` (train, val, test or empty), `person` and `source`. Ages are in
years, whole or not. Beside this form there are readers for those in which some research
sets are published; each gives the same table.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.errors import DatasetError
from agemodel.core.labels import GENDERS, MAX_AGE, SPLIT_NAMES
from agemodel.dataset.index import UNKNOWN

SPLIT_SHARES = (0.8, 0.1, 0.1)
"""Of train, val and test, where labels have no split."""

_LAST_RANGE = 200
"""The largest age taken; above MAX_AGE it counts as that, for ends of open ranges."""
_FAIRFACE_SPLITS = {"train": "train", "val": "val"}


def read_labels(path: Path, form: str = "csv") -> pd.DataFrame:
    """Read a file of labels.

    Args:
        path: the file; for APPA-REAL any of its `gt_avg_*.csv`, the others beside it
            are read, too.
        form: one of `FORMS`.

    Returns:
        A row a file with `file` (its path in the set), `age_low` and `age_high`
        (float64, years), `gender` (int, `UNKNOWN` where it is not told), `split`,
        `person` and `source` (text, perhaps empty).

    Raises:
        DatasetError: there is no such file, or it is not of that form; what is wrong,
            and in which row.
    """
    try:
        labels = FORMS[form](path)
    except FileNotFoundError as error:
        raise DatasetError(f"There is no file of labels at {path}.") from error
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f"{path.name} is not a file of labels of the form {form}: {error}."
        ) from error
    _check(labels, path.name)
    return labels


def split_of(person_or_file: str) -> str:
    """train, val or test, in `SPLIT_SHARES`: the same at every import."""
    digest = hashlib.sha256(person_or_file.encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    bounds = np.cumsum(SPLIT_SHARES)
    return SPLIT_NAMES[int(np.searchsorted(bounds[:-1], place, side="right"))]


def _read(path: Path) -> pd.DataFrame:
    content = io.StringIO(path.read_bytes().decode("utf-8-sig"))
    return pd.read_csv(content, dtype=str, keep_default_na=False)


def _read_csv(path: Path) -> pd.DataFrame:
    found = _read(path)
    if "file" not in found:
        raise ValueError("it has no column file")
    if "age" in found and "age_low" not in found:
        found["age_low"] = found["age_high"] = found["age"]
    for column in ("age_low", "age_high"):
        if column not in found:
            raise ValueError("it has no column age, nor age_low and age_high")
    return _table(found)


def _read_fairface(path: Path) -> pd.DataFrame:
    """FairFace: K. Kärkkäinen and J. Joo, WACV 2021; CC BY 4.0. Ranges of ages."""
    found = _read(path)
    low, _, high = found["age"].str.partition("-").T.to_numpy()
    open_ended = found["age"].str.fullmatch("more than 70").to_numpy()
    found["age_low"] = np.where(open_ended, "70", low)
    found["age_high"] = np.where(open_ended, str(MAX_AGE), high)
    found["split"] = found["file"].str.partition("/")[0].map(_FAIRFACE_SPLITS)
    found["source"] = "FairFace"
    return _table(found)


def _read_appa_real(path: Path) -> pd.DataFrame:
    """APPA-REAL: E. Agustsson et al., FG 2017; its real ages, cropped faces."""
    parts = []
    for name, split in (("train", "train"), ("valid", "val"), ("test", "test")):
        file = path.parent / f"gt_avg_{name}.csv"
        if file.exists():
            part = _read(file)
            part["file"] = f"{name}/" + part["file_name"] + "_face.jpg"
            parts.append(part.assign(split=split))
    found = pd.concat(parts, ignore_index=True)
    found["age_low"] = found["age_high"] = found["real_age"]
    return _table(found.assign(source="APPA-REAL"))


def _read_all_age_faces(path: Path) -> pd.DataFrame:
    """All-Age-Faces: J. Cheng et al., 2019; its lists of `file label`, 0 is female.

    The age stands in the file's name: 00001A02.jpg is of two years.
    """
    lines = [line.split() for line in path.read_text("utf-8-sig").splitlines() if line]
    found = pd.DataFrame(lines, columns=["file", "label"], dtype=str)
    age = found["file"].str.extract(r"A(\d+)\.", expand=False)
    found["age_low"] = found["age_high"] = age
    found["gender"] = found["label"].map({"0": "female", "1": "male"})
    found["split"] = {"train": "train", "val": "val"}.get(path.stem, "")
    return _table(found.assign(source="All-Age-Faces"))


def _table(found: pd.DataFrame) -> pd.DataFrame:
    """The columns of `read_labels`; what is missing is unknown."""
    texts = {
        name: found[name].fillna("").astype(str).str.strip()
        if name in found
        else pd.Series("", found.index, dtype=str)
        for name in ("file", "gender", "split", "person", "source")
    }
    genders = {"": UNKNOWN, **{name: i for i, name in enumerate(GENDERS)}}
    ages = {
        name: pd.to_numeric(found[name], errors="coerce").astype(np.float64)
        for name in ("age_low", "age_high")
    }
    gender = texts["gender"].str.lower().map(genders)
    return pd.DataFrame({**texts, **ages, "gender": gender})


def _check(labels: pd.DataFrame, name: str) -> None:
    low, high = labels["age_low"], labels["age_high"]
    wrong = {
        f"an age from 0 to {_LAST_RANGE}, the lower before the higher": ~(
            (low >= 0) & (low <= high) & (high <= _LAST_RANGE)
        ),
        "male, female or nothing as gender": labels["gender"].isna(),
        "train, val, test or nothing as split": ~labels["split"].isin(
            ["", *SPLIT_NAMES]
        ),
        "a file's name": labels["file"] == "",
        "each file once": labels["file"].duplicated(),
    }
    for expected, rows in wrong.items():
        if rows.any():
            row = int(np.flatnonzero(rows)[0])
            raise DatasetError(
                f"Row {row + 2} of {name} ({labels['file'].iloc[row]}) is not as "
                f"expected: {expected}."
            )
    if not len(labels):
        raise DatasetError(f"{name} names no file.")


FORMS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": _read_csv,
    "fairface": _read_fairface,
    "appa-real": _read_appa_real,
    "all-age-faces": _read_all_age_faces,
}
"""Readers of labels by the name of their form."""
