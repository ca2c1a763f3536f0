"""What a run's evaluation found on the data sets beside its first."""

from __future__ import annotations

from agemodel.core.errors import RunError
from agemodel.core.json_records import record_from
from agemodel.metrics.set_measures import SetMetrics
from agemodel.runs.run_folder import Run


def sets_of(run: Run) -> dict[str, SetMetrics]:
    """The measures by the set's name; empty where it learned from one set.

    Raises:
        RunError: the run is not evaluated, or its file is damaged.
    """
    found = run.read_json("metrics.json").get("sets", {})
    try:
        return {name: record_from(SetMetrics, one) for name, one in found.items()}
    except (ValueError, AttributeError) as error:
        raise RunError(
            f"metrics.json of run {run.id} is of another version: {error}. Evaluate it "
            f"again: {run.evaluate_command}"
        ) from error
