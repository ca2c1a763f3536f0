"""The tables of the Evaluation page, as CSV files for download."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
import pandas as pd

from agemodel.analysis.age_errors import cumulative_scores, running_errors
from agemodel.analysis.certainty import coverage_by_age, error_by_width, reliability
from agemodel.analysis.confusion import (
    Classes,
    classes_of,
    count_cells,
    score_classes,
)
from agemodel.analysis.fairness import GROUPINGS, group_table
from agemodel.analysis.headline import headline
from agemodel.analysis.picture_quality import MEASURES, error_by_flag, error_by_measure
from agemodel.explorer.table_exports import frame_csv
from agemodel.metrics.measures import MEASURES as HEADLINES

_FIXED_TIME = (2020, 1, 1, 0, 0, 0)


def evaluation_tables(
    judged: pd.DataFrame, rows: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Every table of the page, measured on some of the faces.

    Args:
        judged: predictions as returned by `read_judged`.
        rows: the faces that count, a mask of shape (n,) with at least one set.

    Returns:
        The tables by their names, which become those of the files.
    """
    tables = {"headline": _headline_table(judged, rows)}
    tables |= {
        f"groups-{'-'.join(factors)}": group_table(judged, rows, factors)
        for factors in GROUPINGS
    }
    tables |= {
        "errors-age": running_errors(judged, rows),
        "errors-cumulative": cumulative_scores(judged, rows),
        "errors-remark": error_by_flag(judged, rows),
        "certainty-coverage": coverage_by_age(judged, rows),
        "certainty-reliability": reliability(judged, rows),
        "certainty-width": error_by_width(judged, rows),
    }
    for name, classes in classes_of(judged).items():
        counts = count_cells(classes, rows)
        file = name.lower().replace(": ", "-").replace(" ", "-")
        tables[f"confusion-{file}"] = _confusion_table(classes, counts)
        tables[f"classes-{file}"] = score_classes(classes.names, counts)
    for measure in MEASURES:
        if measure in judged:
            tables[f"errors-{measure}"] = error_by_measure(judged, rows, measure)
    return tables


def _headline_table(judged: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    scores = headline(judged, rows)
    return pd.DataFrame(
        [
            {"measure": key, "unit": HEADLINES[key].unit, "n": int(rows.sum())}
            | {"value": score.value, "low_95": score.low, "high_95": score.high}
            for key, score in scores.items()
        ]
    )


def _confusion_table(classes: Classes, counts: np.ndarray) -> pd.DataFrame:
    """A row a true class, a column an estimated one, counts of faces."""
    columns = [f"judged {name}" for name in classes.names]
    return pd.DataFrame(
        counts, columns=columns, index=pd.Index(classes.names, name="labelled")
    )


def tables_zip(tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Tables as CSV files in a zip archive, made by `frame_csv`.

    Args:
        tables: by the files' names without `.csv`; a named index becomes a column.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, frame in tables.items():
            whole = frame.reset_index() if any(frame.index.names) else frame
            entry = zipfile.ZipInfo(f"{name}.csv", _FIXED_TIME)
            archive.writestr(entry, frame_csv(whole), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
