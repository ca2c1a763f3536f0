"""Progress bars, and the progress that a command leaves in its run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agemodel.runs.run_folder import Run


class Bar:
    """A progress bar that appears with the first report; an `OnProgress`."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._bar: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int | None, text: str) -> None:
        from tqdm import tqdm

        if self._bar is None:
            # what was done before counts neither for the rate nor for the time left
            self._bar = tqdm(disable=None, initial=done, **self._options)
        self._bar.total = total
        self._bar.set_description(text, refresh=False)
        self._bar.update(done - self._bar.n)


class RunBar(Bar):
    """A progress bar that also writes the progress into the run's folder."""

    def __init__(self, run: Run, **options: Any) -> None:
        from agemodel.jobs.progress import ProgressFile
        from agemodel.jobs.records import is_local

        super().__init__(**options)
        self._file = ProgressFile(run.folder) if is_local(run) else None

    def __call__(self, done: int, total: int | None, text: str) -> None:
        super().__call__(done, total, text)
        if self._file:
            self._file(done, total, text)
