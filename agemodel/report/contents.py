"""The report's lead and sections, made by the functions that the pages use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agemodel import __version__
from agemodel.analysis.predicted_faces import Slice, in_slice, read_predicted
from agemodel.analysis.set_results import sets_of
from agemodel.core.checksums import sha256_of
from agemodel.core.errors import RunError
from agemodel.figures.training_charts import EPOCH_MEASURES, KEY, figure_curves
from agemodel.models.card_text import USES, set_in_words
from agemodel.models.shipped import installed_versions
from agemodel.report import measured
from agemodel.report.document import (
    Beside,
    Block,
    Chart,
    Note,
    Paragraph,
    Section,
    Table,
)
from agemodel.runs.licence import licence_of
from agemodel.runs.recipes import recipe_in_words
from agemodel.runs.run_folder import SHIPPED_FILES, Run


def lead_of(run: Run) -> list[Block]:
    """What stands above the sections: what the run is, and what it is for."""
    config, metrics = run.read_config(), run.read_json("metrics.json")
    status = run.read_json("status.json")
    test = metrics["splits"]["test"]
    low, high = test["mae_years_95"]
    now = datetime.now(UTC)
    return [
        Paragraph(
            f"A {config.network} network for faces of {config.input_px} px, trained "
            f"for {status['epochs_done']} epochs (the best on validation is "
            f"{status['best_epoch']}). On {test['n']:,} test faces it errs by "
            f"{test['mae_years']:.2f} years on average (95 % interval {low:.2f} to "
            f"{high:.2f}) and gives {test['gender_accuracy'] * 100:.1f} % the gender "
            "that they are labelled with."
        ),
        *(Paragraph(set_in_words(one)) for one in sets_of(run).values()),
        Paragraph(USES),
        Note(
            f"Written on {now:%Y-%m-%d at %H:%M} UTC by agemodel {__version__}, from "
            "the run's own files. It holds no picture of the dataset."
        ),
    ]


def sections_of(run: Run) -> list[Section]:
    """Every section of the report, in order.

    Raises:
        RunError: it was not evaluated, has no test face, or a file of it is damaged.
    """
    metrics = run.read_json("metrics.json")
    predicted = read_predicted(run)
    rows = in_slice(predicted, Slice())
    if not rows.any():
        raise RunError(
            f"Run {run.id} was evaluated without a face of test, and a report is of "
            "those. Import a dataset that has some, then evaluate the run again: "
            f"{run.evaluate_command}"
        )
    return [
        Section("recipe", "Recipe", _recipe(run, metrics)),
        Section(
            "headline",
            "Headline",
            measured.headline_of(predicted) + measured.systems_of(run, predicted),
        ),
        Section("curves", "How it learned", _curves(run)),
        Section(
            "confusion",
            "What is taken for what",
            measured.confusions_of(predicted, rows),
        ),
        Section("errors", "Errors of the age", measured.errors_of(predicted, rows)),
        Section(
            "certainty", "How sure it is", measured.certainty_of(run, predicted, rows)
        ),
        Section("groups", "Groups of people", measured.groups_of(predicted, rows)),
        Section("versions", "Versions and checksums", _versions(run)),
    ]


def _recipe(run: Run, metrics: Mapping[str, Any]) -> list[Block]:
    config = run.read_config()
    return [
        Paragraph(recipe_in_words(config, metrics["faces"]["parts"])),
        Note(licence_of(config)),
    ]


def _curves(run: Run) -> list[Block]:
    history = run.read_history()
    if history.empty:
        return [Paragraph("The run has no history.")]
    curves = [
        Chart(figure_curves({run.id: history}, curve), curve.title)
        for curve in EPOCH_MEASURES
        if curve.column in history
    ]
    return [Beside(curves), Note(KEY)]


def _versions(run: Run) -> list[Block]:
    environment = run.read_json("environment.json")
    trained = {
        "agemodel": environment.get("agemodel"),
        "Python": environment.get("python"),
        **environment.get("packages", {}),
        "commit": environment.get("commit"),
        "machine": environment.get("machine"),
    }
    files = [run.folder / name for name in SHIPPED_FILES]
    return [
        Table(_pairs(trained), f"Trained with, on {environment.get('started')}"),
        Table(_pairs(installed_versions()), "Reported with"),
        Table(
            [
                {"File": path.name, "Bytes": f"{path.stat().st_size:,}"}
                | {"SHA-256": sha256_of(path.read_bytes())}
                for path in files
                if path.exists()
            ],
            "The run's files",
        ),
    ]


def _pairs(values: Mapping[str, object]) -> list[dict[str, str]]:
    return [
        {"What": name, "Version": str(value)}
        for name, value in values.items()
        if value is not None
    ]
