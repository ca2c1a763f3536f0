"""What a process does: it loads the estimator once, then estimates shard after shard.

Nothing here knows which engine runs it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agemodel.bulk.bulk_record import ModelIdentity, identity_of
from agemodel.bulk.file_list import Task
from agemodel.bulk.parts import Part, PartRows
from agemodel.bulk.urls import is_url, photo_at_url
from agemodel.core.errors import BulkError
from agemodel.core.file_names import shown_name
from agemodel.serving import Estimator, PhotoResult, Upload, estimate_upload
from agemodel.serving.estimator import work_in_one_thread
from agemodel.serving.photo_estimates import FaceEstimator
from agemodel.serving.photo_paths import photo_at

OnFile = Callable[[], None]
"""Called after each file."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What is done with each file.

    Attributes:
        model: that estimates.
        aligned: whether each file is a cropped face already.
    """

    model: ModelIdentity
    aligned: bool = False

    def load(self) -> Callable[[Task, OnFile], Part]:
        """Load the estimator, for this one thread.

        Returns:
            A function that estimates the files of a task.

        Raises:
            ModelError: the model is missing or damaged.
            BulkError: it is another than the run began with.
        """
        work_in_one_thread()
        return partial(self._estimate_all, self._estimator())

    def _estimator(self) -> FaceEstimator:
        if (found := identity_of(self.model.name)) != self.model:
            raise BulkError(
                f"A process has another model {self.model.name} than the run: expected "
                f"{self.model.sha256[:12]}, got {found.sha256[:12]} or another card or "
                "detector. Every machine needs the same version and model."
            )
        return Estimator.load(self.model.name, workers=1)

    def _estimate_all(
        self, estimator: FaceEstimator, task: Task, on_file: OnFile
    ) -> Part:
        rows = PartRows()
        for row, name in enumerate(task.names, task.start):
            rows.add(row, self._estimate(estimator, photo(name)))
            on_file()
        return rows.part()

    def _estimate(self, estimator: FaceEstimator, upload: Upload) -> PhotoResult:
        """The result of a file; one on which the program fails is an error, too.

        What went wrong is in the log; the other files are estimated all the same.
        """
        try:
            return estimate_upload(estimator, upload, aligned=self.aligned)
        except Exception as error:  # an unknown bug, else it would end a run of days
            _log.exception("%s could not be estimated", shown_name(upload.name))
            return PhotoResult(
                upload.name,
                error=f"{shown_name(upload.name)} could not be estimated: the program "
                f"failed on it ({type(error).__name__}: {error}).",
            )


def photo(name: str) -> Upload:
    """The photo at a path or an address."""
    return photo_at_url(name) if is_url(name) else photo_at(Path(name))


def part_of_ended(task: Task, how: str) -> Part:
    """The part of one file that ended the process that read it.

    Args:
        task: of that file alone.
        how: the process ended.
    """
    (name,) = task.names
    shown, rows = shown_name(name), PartRows()
    error = (
        f"{shown} ended the process that read it ({how}), twice by itself: it was left "
        "out. Try it alone: python -m agemodel predict FILE"
    )
    rows.add(task.start, PhotoResult(name, error=error), ended_process=True)
    return rows.part()
