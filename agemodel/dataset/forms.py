"""Forms of data sets that can be imported: how files are named, and what they hold."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection

import pandas as pd

from agemodel.core.errors import DatasetError, ImageError
from agemodel.core.tables import Schema
from agemodel.dataset.index import INDEX_SCHEMA
from agemodel.dataset.members import Member
from agemodel.dataset.names import parse_name
from agemodel.dataset.record import UTKFACE
from agemodel.images import check_jpeg

_ARCHIVE_ENDING = re.compile(r".*\.(zip|tar|tgz|gz|bz2|xz|7z|rar)", re.I | re.S)


class Form(ABC):
    """What the files of a source are named like and hold.

    Attributes:
        kind: the first part of the name of an import's folder.
        schema: of the index; its first column is the file's name.
        identity: text that tells this form's labels from others.
        expected: ends the sentence on a source without a usable image.
    """

    kind: str
    schema: Schema
    identity: str
    expected: str

    @abstractmethod
    def file_name(self, name: str) -> str:
        """The name under which a file of the source, by its path in it, is kept."""

    def is_other(self, name: str) -> bool:
        """Whether a file of the source is no concern of this import."""
        return False

    @abstractmethod
    def row(self, name: str) -> tuple:
        """The index's row of a file of the source.

        Raises:
            DatasetError: it has no label of use; why, without its name.
        """

    @abstractmethod
    def check(self, member: Member) -> bytes:
        """The bytes of a file that can be decoded.

        Raises:
            DatasetError: it cannot; why, without its name.
        """

    def absent(self, files: Collection[str]) -> list[tuple[str, str]]:
        """Rejects beside those in the source: what has a label but no file there."""
        return []


class UtkFaceForm(Form):
    """UTKFace: JPEGs whose labels are in their names, and the splits that ship."""

    kind = UTKFACE
    schema = INDEX_SCHEMA
    expected = (
        "holds no image of UTKFace ({found}). Give UTKFace.tar.gz, or the folder of "
        "its images."
    )

    def __init__(self, splits: pd.DataFrame) -> None:
        """With splits as returned by `read_splits`."""
        self.identity = splits.to_csv(index=False)
        marks = zip(splits["split"], splits["coral"], splits["seed"], strict=True)
        self._marks = dict(zip(splits["file"], marks, strict=True))

    def file_name(self, name: str) -> str:
        """The base name."""
        return re.split(r"[/\\]", name)[-1]

    def row(self, name: str) -> tuple:
        """The labels in the name, and the splits."""
        file = self.file_name(name)
        label = parse_name(file)
        marks = self._marks.get(file, ("", "", ""))
        return (file, label.age, label.gender, label.race, label.collected, *marks)

    def check(self, member: Member) -> bytes:
        """A JPEG that is whole."""
        if _ARCHIVE_ENDING.fullmatch(member.name):
            raise DatasetError(
                "The file is an archive inside the source, which is not opened: unpack "
                "it and import it by itself."
            )
        if member.data is None:
            raise DatasetError(member.reason)
        if not member.data.startswith(b"\xff\xd8\xff"):
            raise DatasetError("The file is not a JPEG image.")
        if not member.data.endswith(b"\xff\xd9"):
            raise DatasetError("The JPEG image is cut short.")
        try:
            check_jpeg(member.data, member.name)
        except ImageError as error:
            raise DatasetError("The JPEG image cannot be decoded.") from error
        return member.data
