"""What a person thinks of a face's label: wrong, doubtful or fine, kept in a file.

`marks.jsonl` in the data folder holds an object a line: how many marks follow, then a
mark each with a checksum of its own. So a line that is lost or damaged is told, nothing
is written over it, and `repair_marks` keeps the others. The file is written whole,
under a lock, so that two who mark at once lose nothing.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from agemodel.core.columns import category
from agemodel.core.errors import DatasetError
from agemodel.core.file_locks import try_lock
from agemodel.core.files import data_place, sweep, write_whole, writing

MARKS_NAME = "marks.jsonl"
LOCK_NAME = ".marks.lock"
VERDICTS = ("wrong", "doubtful", "fine")
UNMARKED = "unmarked"
MAX_NOTE = 500
"""Characters of a note; what is longer is cut."""

_BESIDE_A_MARK = ("age", "age_years", "gender", "race", "split")
_FORMAT = 1
_PATIENCE_S = 10.0
_REPAIR = (
    "Restore the file from a copy, or keep the marks that can be read, which puts the "
    "damaged file aside: python -m agemodel data marks --repair"
)


@dataclass(frozen=True)
class Mark:
    """What a person thinks of a face's label.

    Attributes:
        file: the face's name in the index.
        verdict: of `VERDICTS`.
        note: anything.
        marked_at: in UTC, ISO 8601.
    """

    file: str
    verdict: str
    note: str
    marked_at: str


@dataclass(frozen=True)
class Repaired:
    """What came of repairing the file of marks.

    Attributes:
        kept: how many marks could be read.
        aside: where the damaged file lies now; None where nothing was damaged.
    """

    kept: int
    aside: Path | None


def read_marks(data_dir: Path) -> dict[str, Mark]:
    """Read all marks by file, the oldest first; none where nothing was marked.

    Raises:
        DatasetError: the file is damaged or cannot be read.
    """
    path = Path(data_dir) / MARKS_NAME
    marks, problem = _read(path)
    if problem:
        raise DatasetError(
            f"The marks in {path} are damaged: {problem}. {len(marks):,} can be read; "
            f"nothing was changed. {_REPAIR}"
        )
    return marks


def mark_faces(
    data_dir: Path, files: Sequence[str], verdict: str | None, note: str = ""
) -> dict[str, Mark]:
    """Mark faces, or take their marks away.

    Args:
        data_dir: the data folder, made if it is missing.
        files: names in the index.
        verdict: of `VERDICTS`; None takes the marks away.
        note: kept with each mark.

    Returns:
        All marks, as `read_marks` gives them.

    Raises:
        DatasetError: the verdict is unknown; or the file is damaged, locked for long
            or cannot be written. No mark is changed then.
    """
    if verdict is not None and verdict not in VERDICTS:
        raise DatasetError(
            f"A face is marked {', '.join(VERDICTS)} or not at all; {verdict!r} came."
        )
    with _locked(Path(data_dir)):
        marks = read_marks(data_dir)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for file in files:
            marks.pop(file, None)
            if verdict is not None:
                marks[file] = Mark(file, verdict, note.strip()[:MAX_NOTE], now)
        write_whole(Path(data_dir) / MARKS_NAME, _to_bytes(marks))
    return marks


def repair_marks(data_dir: Path) -> Repaired:
    """Put a damaged file of marks aside and keep every mark that can be read.

    Raises:
        DatasetError: the file is locked for long, or the disk does not take it.
    """
    with _locked(Path(data_dir)):
        path = Path(data_dir) / MARKS_NAME
        marks, problem = _read(path)
        if not problem:
            return Repaired(len(marks), None)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = path.with_name(f"marks.damaged-{stamp}.jsonl")
        shutil.copy2(path, aside)
        write_whole(path, _to_bytes(marks))
    return Repaired(len(marks), aside)


def marks_frame(marks: Mapping[str, Mark]) -> pd.DataFrame:
    """The marks as a table, a row each, with the columns of `Mark`."""
    columns = [field.name for field in fields(Mark)]
    return pd.DataFrame([astuple(mark) for mark in marks.values()], columns=columns)


def with_marks(faces: pd.DataFrame, marks: Mapping[str, Mark]) -> pd.DataFrame:
    """The table of faces with a category `mark`: of `VERDICTS`, or `UNMARKED`.

    Marks of faces that the table lacks are not looked at.
    """
    names = [*VERDICTS, UNMARKED]
    codes = np.full(len(faces), names.index(UNMARKED), np.int8)
    if marks:
        rows = pd.Index(faces["file"]).get_indexer(list(marks))
        given = np.array([names.index(mark.verdict) for mark in marks.values()])
        codes[rows[rows >= 0]] = given[rows >= 0]
    return faces.assign(mark=category(codes, names))


def marked_faces(faces: pd.DataFrame, marks: Mapping[str, Mark]) -> pd.DataFrame:
    """The marks beside what is known of their faces, the newest first.

    Returns:
        A row a mark, with the columns of `Mark` and, as far as `faces` has them, `age`,
        `age_years`, `gender`, `race` and `split`; unknown where it lacks the face.
    """
    known = [name for name in _BESIDE_A_MARK if name in faces]
    labels = faces.loc[faces["file"].isin(list(marks)), ["file", *known]]
    marked = marks_frame(marks).merge(labels, "left", "file")
    marked["age"] = marked["age"].astype("Int16")  # empty, not 26.0, for the unknown
    return marked.iloc[::-1].reset_index(drop=True)


# ---------------------------------------------------------------- the file


def _to_bytes(marks: Mapping[str, Mark]) -> bytes:
    lines = [{"format": _FORMAT, "marks": len(marks)}]
    lines += [asdict(mark) | {"check": _check_of(mark)} for mark in marks.values()]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _check_of(mark: Mark) -> str:
    return f"{zlib.crc32(json.dumps(asdict(mark)).encode()):08x}"


def _read(path: Path) -> tuple[dict[str, Mark], str]:
    """The marks that can be read, and what is wrong with the file, or nothing."""
    try:
        first, *lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}, ""
    except ValueError:  # nothing to unpack
        return {}, "the file is empty"
    except OSError as error:
        raise DatasetError(
            f"The marks in {path} cannot be read: {error}. Check its permissions."
        ) from error
    marks: dict[str, Mark] = {}
    problems = _head_problems(first, len(lines))
    for number, line in enumerate(lines, start=2):
        try:
            mark = _mark_of(line)
        except (ValueError, TypeError, KeyError, AttributeError):
            problems.append(f"line {number} cannot be read")
        else:
            marks[mark.file] = mark
    if len(problems) > 3:
        problems[3:] = [f"and {len(problems) - 3} lines more"]
    return marks, "; ".join(problems)


def _mark_of(line: bytes) -> Mark:
    """The mark in a line; some error of Python's own where there is none."""
    values = json.loads(line)
    check = values.pop("check")
    mark = Mark(**values)
    if check != _check_of(mark) or mark.verdict not in VERDICTS:
        raise ValueError(check)
    return mark


def _head_problems(line: bytes, lines: int) -> list[str]:
    """What the first line says against the number of those that follow."""
    try:
        head = json.loads(line)
        form, expected = head["format"], head["marks"]
    except (ValueError, TypeError, KeyError):
        return ["line 1 cannot be read"]
    if form != _FORMAT:
        return [f"it has the format {form}, where {_FORMAT} was expected"]
    if expected != lines:
        return [f"{expected} marks were written, {lines} are there"]
    return []


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Hold the marks' lock; the system lets go of it when a process dies."""
    with writing("The marks", data_place(data_dir), DatasetError):
        data_dir.mkdir(parents=True, exist_ok=True)
        held = try_lock(data_dir / LOCK_NAME, _PATIENCE_S)
        if held is None:
            raise DatasetError(
                f"Another program holds the marks in {data_dir}. Wait for it to end, "
                "then mark again."
            )
        with held:
            sweep(data_dir, MARKS_NAME)
            yield
