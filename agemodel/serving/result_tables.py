"""Results as records, tables and files for download."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from agemodel.core.spreadsheets import QUOTING, safe_cell
from agemodel.images import encode_jpeg
from agemodel.serving.annotation import annotate
from agemodel.serving.photo_estimates import PhotoResult

if TYPE_CHECKING:
    import pandas as pd

    from agemodel.serving.estimator import Estimate

COLUMNS = (
    *("file", "face", "x0", "y0", "x1", "y1", "detection_score"),
    *("age_years", "age_low", "age_high", "age_group", "p_female", "gender"),
    *("doubtful", "warnings", "error", "known_age"),
)
"""Of the table: boxes in px of the upright file, ages in years."""

NO_FACE = "No face was found."

_NO_AGE = dict.fromkeys(("age_years", "age_low", "age_high", "age_group"))
_ARCHIVE_QUALITY = 92
_MAX_STEM = 50
"""Characters: of four bytes each they leave room in the 255 that a name may have."""


def to_record(result: PhotoResult) -> dict[str, Any]:
    """A result as `predict --json` prints it, and the page's download has it.

    Boxes are in px of the upright file, whatever turns and reductions it took: of the
    embedded preview, where the file is a RAW file. `notes` are sentences on the photo,
    `warnings` on a face; `quarter_turns` are counter-clockwise, from the upright file
    to the picture in which faces were found. A face whose picture is too poor
    for an age has None for its ages and its age group, and the `reason`, a sentence,
    which is None for the others.
    """
    return {
        "file": _name(result),
        "width": result.width,
        "height": result.height,
        "faces": [_face_record(result, estimate) for estimate in result.estimates],
        "error": result.error,
        "notes": list(result.notes),
        "faces_left_out": result.faces_left_out,
        "quarter_turns": result.quarter_turns,
    }


def _name(result: PhotoResult) -> str:
    """The result's name, with bytes that are not Unicode escaped."""
    return result.name.encode("utf-8", "backslashreplace").decode("utf-8")


def _face_record(result: PhotoResult, estimate: Estimate) -> dict[str, Any]:
    return {
        "box_xyxy": [round(float(side), 1) for side in result.file_box(estimate)],
        "detection_score": round(float(estimate.detection_score), 4),
        **(_age_record(estimate) if estimate.reason is None else _NO_AGE),
        "p_female": round(float(estimate.p_female), 4),
        "gender": estimate.gender,
        "warnings": list(estimate.warnings),
        "reason": estimate.reason,
        "doubtful": estimate.doubtful,
    }


def _age_record(estimate: Estimate) -> dict[str, Any]:
    return {
        "age_years": round(float(estimate.age_years), 1),
        "age_low": round(float(estimate.age_low), 1),
        "age_high": round(float(estimate.age_high), 1),
        "age_group": estimate.age_group,
    }


def results_json(results: Iterable[PhotoResult]) -> bytes:
    """All records as one JSON array, UTF-8."""
    records = [to_record(result) for result in results]
    return json.dumps(records, indent=2, ensure_ascii=False).encode("utf-8")


def results_frame(results: Iterable[PhotoResult]) -> pd.DataFrame:
    """A row a face, in the order of the photos, with `COLUMNS`.

    A photo without a face, or one that could not be read, has a row without numbers; a
    face without an age has no ages, and why among the warnings.
    """
    import pandas as pd  # half a second that neither the first visit nor JSON needs

    return pd.DataFrame(list(_rows(results)), columns=list(COLUMNS))


def results_csv(results: Iterable[PhotoResult]) -> bytes:
    """The same table as CSV: UTF-8 with a byte order mark, which spreadsheets need.

    Texts are in quotes, and one that a spreadsheet would take for a formula gets an
    apostrophe in front.
    """
    text = StringIO(newline="")
    writer = csv.writer(text, quoting=QUOTING)
    writer.writerow(COLUMNS)
    for row in _rows(results):
        writer.writerow([safe_cell(row.get(column)) for column in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def _rows(results: Iterable[PhotoResult]) -> Iterator[dict[str, Any]]:
    for result in results:
        if not result.estimates:
            hint = NO_FACE if result.error is None else None
            sentences = " ".join(filter(None, (hint, *result.notes))) or None
            yield {"file": _name(result), "warnings": sentences, "error": result.error}
        for number, estimate in enumerate(result.estimates, start=1):
            yield _face_row(result, estimate, number)


def _face_row(result: PhotoResult, estimate: Estimate, number: int) -> dict[str, Any]:
    record = _face_record(result, estimate)
    box = dict(zip(("x0", "y0", "x1", "y1"), record.pop("box_xyxy"), strict=True))
    reason, warnings = record.pop("reason"), record.pop("warnings")
    said = (*result.notes, reason, *warnings)
    sentences = " ".join(filter(None, said)) or None
    row = {"file": _name(result), "face": number, "warnings": sentences}
    if number - 1 in result.known_ages:
        row["known_age"] = str(result.known_ages[number - 1])
    return row | box | record


def annotated_zip(results: Iterable[PhotoResult]) -> bytes:
    """Every photo with its boxes drawn, as JPEGs under unique names in a zip archive.

    JPEG and not PNG, because a few hundred PNGs of photos would fill the memory.
    """
    kept = [result for result in results if result.preview_jpeg is not None]
    names = _own_names([result.name for result in kept])
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, result in zip(names, kept, strict=True):
            archive.writestr(name, encode_jpeg(annotate(result), _ARCHIVE_QUALITY))
    return buffer.getvalue()


def annotated_name(name: str, suffix: str) -> str:
    """A safe file name for the annotated photo: `a/b.heic` gives `b-faces.png`."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    safe = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in stem)
    return f"{safe[:_MAX_STEM].strip(' .') or 'photo'}-faces{suffix}"


def _own_names(names: Sequence[str]) -> list[str]:
    """A unique file name for each photo, even where the photos' names are equal."""
    taken: set[str] = set()
    own = []
    for name in names:
        first = annotated_name(name, "")
        count, candidate = 1, first
        while candidate.lower() in taken:
            count += 1
            candidate = f"{first}-{count}"
        taken.add(candidate.lower())
        own.append(f"{candidate}.jpg")
    return own
