"""What the tests of the analysis share: the faces of the app's model's run."""

from __future__ import annotations

import pandas as pd
import pytest

from agemodel.analysis.predicted_faces import read_predicted
from agemodel.core import paths
from agemodel.runs.run_folder import Run
from tests.harness.plain_predictions import SERVED


@pytest.fixture(scope="session")
def predicted() -> pd.DataFrame:
    """Every face that the run estimated; not to be changed."""
    return read_predicted(Run(paths.SHIPPED_RUNS / SERVED))
