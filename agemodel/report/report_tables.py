"""The tables of the Evaluation page, as CSV files for download."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
import pandas as pd

from agemodel.analysis import confusion, picture_quality
from agemodel.analysis.age_errors import cumulative_scores, running_errors
from agemodel.analysis.certainty import coverage_by_age, error_by_width, reliability
from agemodel.analysis.fairness import GROUPINGS, group_table
from agemodel.analysis.headline import headline
from agemodel.explorer.table_exports import frame_csv
from agemodel.metrics.measures import MEASURES

_FIXED_TIME = (2020, 1, 1, 0, 0, 0)


def evaluation_tables(
    predicted: pd.DataFrame, rows: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Every table of the page, measured on some of the faces.

    Args:
        predicted: predictions as returned by `read_predicted`.
        rows: the faces that count, a mask of shape (n,) with at least one set.

    Returns:
        The tables by their names, which become those of the files.
    """
    tables = {"headline": _headline_table(predicted, rows)}
    tables |= {
        f"groups-{'-'.join(factors)}": group_table(predicted, rows, factors)
        for factors in GROUPINGS
    }
    tables |= {
        "errors-age": running_errors(predicted, rows),
        "errors-cumulative": cumulative_scores(predicted, rows),
        "errors-remark": picture_quality.error_by_flag(predicted, rows),
        "certainty-coverage": coverage_by_age(predicted, rows),
        "certainty-reliability": reliability(predicted, rows),
        "certainty-width": error_by_width(predicted, rows),
    }
    for name, classes in confusion.classes_of(predicted).items():
        counts = confusion.count_cells(classes, rows)
        file = name.lower().replace(": ", "-").replace(" ", "-")
        tables[f"confusion-{file}"] = pd.DataFrame(
            counts,
            columns=[f"estimated {name}" for name in classes.names],
            index=pd.Index(classes.names, name="labelled"),
        )
        tables[f"classes-{file}"] = confusion.score_classes(classes.names, counts)
    for measure in picture_quality.PICTURE_MEASURES:
        if measure in predicted:
            tables[f"errors-{measure}"] = picture_quality.error_by_measure(
                predicted, rows, measure
            )
    return tables


def _headline_table(predicted: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    scores = headline(predicted, rows)
    return pd.DataFrame(
        [
            {"measure": key, "unit": MEASURES[key].unit, "n": int(rows.sum())}
            | {"value": score.value, "low_95": score.low, "high_95": score.high}
            for key, score in scores.items()
        ]
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
