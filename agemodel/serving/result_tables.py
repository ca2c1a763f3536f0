"""Results as records, tables and files for download."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from agemodel.core.spreadsheets import csv_of
from agemodel.core.words import counted
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
    """The same table as CSV."""
    return csv_of(COLUMNS, _rows(results))


def _rows(results: Iterable[PhotoResult]) -> Iterator[dict[str, Any]]:
    for result in results:
        for row in record_rows(to_record(result)):
            known = result.known_ages.get(row.get("face", 0) - 1)
            yield row if known is None else row | {"known_age": str(known)}


def record_rows(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a record of `to_record`, as `results_frame` has them."""
    file, notes = record["file"], record["notes"]
    if not record["faces"]:
        hint = NO_FACE if record["error"] is None else None
        sentences = " ".join(filter(None, (hint, *notes))) or None
        yield {"file": file, "warnings": sentences, "error": record["error"]}
    for number, face in enumerate(record["faces"], start=1):
        box = dict(zip(("x0", "y0", "x1", "y1"), face["box_xyxy"], strict=True))
        said = filter(None, (*notes, face["reason"], *face["warnings"]))
        row = {"file": file, "face": number, **box, **face}
        yield row | {"warnings": " ".join(said) or None}


def score_in_words(results: Iterable[PhotoResult]) -> str:
    """How the estimates did on all faces of known age; empty where there is none."""
    pairs = [
        (result.known_ages[number], estimate)
        for result in results
        for number, estimate in enumerate(result.estimates)
        if number in result.known_ages and estimate.reason is None
    ]
    if not pairs:
        return ""
    mean = sum(k.error_years(e.age_years) for k, e in pairs) / len(pairs)
    inside = sum(k.is_inside(e.age_low, e.age_high) for k, e in pairs)
    return (
        f"{counted(len(pairs), 'face')} of known age: off by {mean:.1f} years on "
        f"average; {inside:,} of {len(pairs):,} inside the range"
    )


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
