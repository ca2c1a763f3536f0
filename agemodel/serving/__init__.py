"""From photos to estimates: LiteRT, no TensorFlow.

`Estimator` takes pixels, `estimate_photo` a photo. `batches`, `uploads` and
`photo_archives` take many at once, `self_test` and `face_timing` try a model.
"""

from agemodel.serving.annotation import annotate
from agemodel.serving.estimator import Estimate, Estimator
from agemodel.serving.photo_estimates import (
    PhotoResult,
    estimate_aligned_photo,
    estimate_photo,
    estimate_turned_photo,
    estimate_whole_photo,
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
    "estimate_aligned_photo",
    "estimate_photo",
    "estimate_turned_photo",
    "estimate_whole_photo",
    "results_csv",
    "results_frame",
    "results_json",
    "to_record",
]
