"""A run's predictions, made up, with every column that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from agemodel.core.labels import AGES


def made_predictions(files: Sequence[str], **columns: Any) -> pd.DataFrame:
    """Test faces of 30 years, estimated so; `columns` replace some of it."""
    n = len(files)
    return pd.DataFrame(
        {
            "file": list(files),
            "split": ["test"] * n,
            "coral": [""] * n,
            "age": np.full(n, 30, np.int16),
            "gender": np.ones(n, np.int8),
            "race": np.zeros(n, np.int8),
            "age_years": np.full(n, 30, np.float32),
            "age_low": np.full(n, 25, np.float32),
            "age_high": np.full(n, 40, np.float32),
            "age_group": np.full(n, 4, np.int8),
            "p_female": np.full(n, 0.75, np.float32),
            "decided": np.ones(n, bool),
            "age_probabilities": [np.eye(len(AGES), dtype=np.float32)[29]] * n,
        }
        | columns
    )
