"""Reports as one HTML file: of a trained run where it errs, of footage who came.

The file stands by itself: charts, script and style are in it, and it asks for nothing
from anywhere. It shows no picture of the dataset.

report.html.j2  how it looks
document        the blocks that it is made of
contents        what it says of a run
measured        of that, what is measured on the run's predictions
report_tables   the tables of the Evaluation page, as files
footage_report  who came, by a run over footage
"""

from __future__ import annotations

from pathlib import Path

from agemodel.core.errors import RunError
from agemodel.core.files import Place, write_whole, writing
from agemodel.report.contents import lead_of, sections_of
from agemodel.report.document import page_html
from agemodel.report.footage_report import footage_report_html, write_footage_report
from agemodel.report.report_tables import evaluation_tables, tables_zip
from agemodel.runs.run_folder import Run

__all__ = [
    "evaluation_tables",
    "footage_report_html",
    "report_html",
    "tables_zip",
    "write_footage_report",
    "write_report",
]


def report_html(run: Run) -> str:
    """The report of an evaluated run over its test faces.

    Raises:
        RunError: it was not evaluated, has no test face, or a file of it is damaged.
    """
    try:
        sections = sections_of(run)
        return page_html(f"Run {run.id}: where it errs", lead_of(run), sections)
    except KeyError as error:
        raise RunError(
            f"A file of run {run.id} lacks {error}: it is of another version. Make it "
            f"again: {run.evaluate_command}"
        ) from error


def write_report(run: Run, path: Path) -> None:
    """Write the report of an evaluated run, whole or not at all.

    Args:
        run: an evaluated run.
        path: of the file; folders that are missing are made.

    Raises:
        RunError: the run was not evaluated, or a file of it is damaged; or the report
            cannot be written there.
    """
    if path.is_dir():
        raise RunError(
            f"{path} is a folder: expected a file to write the report to, such as "
            f"{path / run.id}.html."
        )
    page = report_html(run).encode()
    with writing(f"The report of run {run.id}", Place(path.parent, "--out"), RunError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, page)
