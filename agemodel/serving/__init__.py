"""From photos to estimates: LiteRT, no TensorFlow.

`Estimator` takes pixels, `judge` a photo. `batches`, `uploads` and
`photo_archives` take many at once, `self_test` and `face_timing` try a model.
"""

from agemodel.serving.annotation import annotate
from agemodel.serving.estimator import Estimate, Estimator
from agemodel.serving.photo_estimates import (
    PhotoResult,
    judge,
    judge_aligned,
    judge_turned,
    judge_whole,
)
from agemodel.serving.result_tables import (
    annotated_zip,
    results_csv,
    results_frame,
    results_json,
    to_record,
)

__all__ = [
    "Estimate",
    "Estimator",
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
