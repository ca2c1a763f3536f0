"""Names of runs for people; the id stands beside them."""

from __future__ import annotations

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.explorer.model_estimates import run_of
from agemodel.runs.recipes import sets_in_words
from agemodel.runs.run_folder import Run

APP_MODEL = "App model"
_NETWORKS = {
    "mobile": "Mobile network",
    "seed_cnn": "Small CNN of the second write-up",
    "group_cnn": "Age groups, first write-up",
}


def run_name(run: Run) -> str:
    """A run's name and id, as `App model (mobile-6)`; of local runs the id alone."""
    try:
        if run.id == run_of().id:
            return f"{APP_MODEL} ({run.id})"
    except AgeModelError:
        pass
    if run.folder.parent != paths.SHIPPED_RUNS:
        return run.id
    try:
        config = run.read_config()
    except AgeModelError:
        return run.id
    name = _NETWORKS.get(config.network, config.network)
    if config.network == "mobile":
        name += f" on {sets_in_words(config)}"
    return f"{name} ({run.id})"
