"""Estimates of photos: LiteRT, no TensorFlow.

`Estimator` takes pixels, `estimate_photo` a file. `batches`, `uploads`,
`photo_archives` and `photo_paths` take many at once, `self_test` and `face_timing` test
a model.
"""

from agemodel.serving.annotation import annotate
from agemodel.serving.batches import Batch, Entry
from agemodel.serving.estimator import Estimate, Estimator
from agemodel.serving.photo_estimates import (
    PhotoResult,
    estimate_photo,
    estimate_turned_photo,
    estimate_upload,
    estimate_whole_photo,
)
from agemodel.serving.photo_paths import PhotoPaths
from agemodel.serving.result_tables import (
    annotated_name,
    annotated_zip,
    record_rows,
    results_csv,
    results_frame,
    results_json,
    to_record,
)
from agemodel.serving.samples import Sample, read_sample, read_samples
from agemodel.serving.uploads import Upload

__all__ = [
    "Batch",
    "Entry",
    "Estimate",
    "Estimator",
    "PhotoPaths",
    "PhotoResult",
    "Sample",
    "Upload",
    "annotate",
    "annotated_name",
    "annotated_zip",
    "estimate_photo",
    "estimate_turned_photo",
    "estimate_upload",
    "estimate_whole_photo",
    "read_sample",
    "read_samples",
    "record_rows",
    "results_csv",
    "results_frame",
    "results_json",
    "to_record",
]
