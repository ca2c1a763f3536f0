"""Labelled faces beside UTKFace: each set in a folder of its own, like a dataset.

A set lies in `sets/NAME/` of the data folder and is read by the same functions as
UTKFace is, with that folder in place of the data folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from agemodel.core.callbacks import OnProgress
from agemodel.core.errors import DatasetError, ImageError
from agemodel.core.files import data_place, write_whole, writing
from agemodel.core.labels import MAX_AGE, MIN_AGE
from agemodel.dataset.archive import check_source, import_files
from agemodel.dataset.forms import Form
from agemodel.dataset.import_report import ImportReport
from agemodel.dataset.index import LABELLED_SCHEMA, UNKNOWN, images_dir
from agemodel.dataset.labels_file import split_of
from agemodel.dataset.members import Limits, Member
from agemodel.dataset.record import LABELLED, RECORD_NAME
from agemodel.images import read_image

UTKFACE_SET = "utkface"
"""The name of UTKFace among the sets of a recipe."""
SETS = "sets"
ABOUT = "about.json"
LIMITS = Limits(file_bytes=20_000_000, total_bytes=50_000_000_000, files=2_000_000)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class AboutSet:
    """What is said of a labelled set.

    Attributes:
        name: of its folder; lower-case letters, digits and hyphens.
        title: as people know it.
        licence: a note on its terms.
    """

    name: str
    title: str
    licence: str


def set_dir(data_dir: Path, name: str) -> Path:
    """The folder that holds a set as the data folder holds UTKFace; not checked."""
    return data_dir if name == UTKFACE_SET else data_dir / SETS / name


def set_names(data_dir: Path) -> list[str]:
    """The names of the labelled sets that are imported, sorted; UTKFace is not one."""
    records = (data_dir / SETS).glob(f"*/{RECORD_NAME}")
    return sorted(record.parent.name for record in records)


def read_about(data_dir: Path, name: str) -> AboutSet:
    """What is said of a set.

    Raises:
        DatasetError: it is not imported, or the file is damaged.
    """
    path = set_dir(data_dir, name) / ABOUT
    try:
        return AboutSet(**json.loads(path.read_bytes()))
    except FileNotFoundError as error:
        known = ", ".join([UTKFACE_SET, *set_names(data_dir)])
        raise DatasetError(
            f"There is no data set {name!r} here. There are: {known}. Import it: "
            "python -m agemodel data import FOLDER --labels LABELS.csv"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        problem = f"{path} is damaged ({error}). Import the set again."
        raise DatasetError(problem) from error


def set_images(data_dir: Path, name: str) -> Path:
    """The folder of a set's images.

    Raises:
        DatasetError: it is not imported, or its folder is gone.
    """
    if name != UTKFACE_SET:
        read_about(data_dir, name)  # says what there is if this set is not
    return images_dir(set_dir(data_dir, name))


def name_of_source(source: str) -> str:
    """A set's name from a source's: 'Images of Groups' is images-of-groups.

    Raises:
        DatasetError: nothing is left that could be a name.
    """
    name = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40].strip("-")
    if not _NAME.fullmatch(name) or name == UTKFACE_SET:
        raise DatasetError(
            f"{source!r} is no name for a data set: letters and digits are expected, "
            f"and not {UTKFACE_SET!r}. Give one with --name."
        )
    return name


def sets_in(
    labels: pd.DataFrame, name: str | None, licence: str
) -> Iterator[tuple[AboutSet, pd.DataFrame]]:
    """The sets that labels describe, one for each of their sources.

    Args:
        labels: as returned by `read_labels`.
        name: of the set, if there is only one; else made of the source's name.
        licence: a note on the terms.

    Raises:
        DatasetError: a name is missing, or there are more sets than names.
    """
    parts = list(labels.groupby("source", sort=False))
    if name and len(parts) > 1:
        raise DatasetError(
            f"The labels are of {len(parts)} sources, each of which is a set of its "
            "own: leave --name out."
        )
    for source, part in parts:
        title = str(source) or name or ""
        if not title:
            raise DatasetError("Give the set a name: --name NAME.")
        yield AboutSet(name or name_of_source(title), title, licence), part


def import_labelled(
    source: Path,
    labels: pd.DataFrame,
    data_dir: Path,
    about: AboutSet,
    progress: OnProgress | None = None,
    force: bool = False,
    others: Collection[str] = (),
) -> ImportReport:
    """Import labelled faces as a set beside UTKFace.

    Args:
        source: a folder or an archive; it is only read.
        labels: as returned by `read_labels`. Where they have no split, each person, or
            each file where the person is not known, falls into one by its name.
        data_dir: the data folder.
        about: what the set is called, and its terms.
        progress: as in `import_dataset`.
        force: import even when the same is there.
        others: files in the source that belong to other sets, or are the labels.

    Raises:
        DatasetError: as `import_dataset`, or the name is none.
    """
    if name_of_source(about.name) != about.name:
        raise DatasetError(
            f"{about.name!r} is no name for a data set: lower-case letters, digits and "
            "hyphens are expected."
        )
    check_source(source, data_dir)
    folder = set_dir(data_dir, about.name)
    report = import_files(
        source, folder, LabelledForm(labels, others), progress, force, LIMITS
    )
    with writing(f"The set {about.name}", data_place(data_dir), DatasetError):
        write_whole(folder / ABOUT, json.dumps(asdict(about), indent=2).encode())
    return report


class LabelledForm(Form):
    """Images of any kind that can be read, whose labels are in a table."""

    kind = LABELLED
    schema = LABELLED_SCHEMA
    expected = (
        "holds no image that the labels name ({found}). Their column file must be the "
        "path in the folder or archive."
    )

    def __init__(self, labels: pd.DataFrame, others: Collection[str] = ()) -> None:
        """With labels as returned by `read_labels`, and files of other sets."""
        self._others = {self.file_name(name) for name in others}
        self.identity = labels.to_csv(index=False)
        self._labels: dict[str, dict[Any, Any]] = {
            self.file_name(label["file"]): label for label in labels.to_dict("records")
        }
        self._split = bool((labels["split"] != "").any())

    def file_name(self, name: str) -> str:
        """The path in the source with __ between its parts, without a leading ./ ."""
        return "__".join(part for part in re.split(r"[/\\]", name) if part != ".")

    def is_other(self, name: str) -> bool:
        """Whether another set's labels name it, and these do not."""
        file = self.file_name(name)
        return file in self._others and file not in self._labels

    def row(self, name: str) -> tuple:
        """The label that the table has for the file."""
        file = self.file_name(name)
        label = self._labels[file]
        split = label["split"]
        if not self._split:
            split = split_of(label["person"] or label["file"])
        low, high = (
            min(round(age), MAX_AGE) for age in (label["age_low"], label["age_high"])
        )
        middle = max(MIN_AGE, round((low + high) / 2))
        labelled = (middle, int(label["gender"]), UNKNOWN, None, split, "", "")
        return (file, *labelled, low, high, label["person"])

    def check(self, member: Member) -> bytes:
        """An image that can be decoded, which the labels name."""
        if self.file_name(member.name) not in self._labels:
            raise DatasetError("The labels do not name this file.")
        if member.data is None:
            raise DatasetError(member.reason)
        try:
            read_image(member.data, name=member.name)
        except ImageError as error:
            raise DatasetError("The image cannot be decoded.") from error
        return member.data

    def absent(self, files: Collection[str]) -> list[tuple[str, str]]:
        """The files that have a label, but are not in the source."""
        return [
            (file, "The labels name this file, but it is not there.")
            for file in self._labels
            if file not in files
        ]
