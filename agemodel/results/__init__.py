"""One photo's result, shared by the app and the command line: judge, draw, export."""

from agemodel.results.drawing import annotate
from agemodel.results.judging import (
    PhotoResult,
    judge,
    judge_aligned,
    judge_turned,
    judge_whole,
)
from agemodel.results.tables import (
    annotated_zip,
    results_csv,
    results_frame,
    results_json,
    to_record,
)

__all__ = [
    "PhotoResult",
    "annotate",
    "annotated_zip",
    "judge",
    "judge_aligned",
    "judge_turned",
    "judge_whole",
    "results_csv",
    "results_frame",
    "results_json",
    "to_record",
]
