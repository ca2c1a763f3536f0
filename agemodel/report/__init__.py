"""A run as one HTML file: what it is, how it learned, and where it errs.

The file stands by itself: charts, script and style are in it, and it asks for nothing
from anywhere. It shows no picture of the dataset.

document  texts, tables and charts as HTML; the page around them
look      its style and script
contents  what it says of a run
measured  of it, what the run's judgements say
tables    every table, as files
"""

from __future__ import annotations

from pathlib import Path

from agemodel.core.errors import RunError
from agemodel.core.files import write_whole
from agemodel.report.contents import lead_of, sections_of, title_of
from agemodel.report.document import page
from agemodel.runs.run_folder import Run


def report_html(run: Run) -> str:
    """The report of an evaluated run over its test faces.

    Raises:
        RunError: it was not evaluated, or a file of it is damaged.
    """
    try:
        return page(title_of(run), lead_of(run), sections_of(run))
    except KeyError as error:
        raise RunError(
            f"A file of run {run.id} lacks {error}: it is of another version. Make it "
            f"again: python -m agemodel evaluate {run.id}"
        ) from error


def write_report(run: Run, path: Path) -> None:
    """Write the report of an evaluated run, whole or not at all.

    Raises:
        RunError: it was not evaluated, or a file of it is damaged.
        OSError: the file cannot be written.
    """
    write_whole(path, report_html(run).encode())
