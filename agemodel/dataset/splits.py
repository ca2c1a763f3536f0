"""Which file is for training, for choosing and for testing: the fixed splits."""

from __future__ import annotations

import io

import pandas as pd

from agemodel.core import paths
from agemodel.core.checksums import read_verified
from agemodel.core.errors import DatasetError, ModelError


def read_splits() -> pd.DataFrame:
    """Read the table of splits that ships, `paths.SPLITS`.

    Returns:
        One row a file with the columns `file`, `split`, `coral` and `seed`, all
        strings: `split` is the project's own (train, val or test); `coral` and `seed`
        mark the two published protocols (train, test, or empty for a file that is not
        in them).

    Raises:
        DatasetError: the file is missing or damaged.
    """
    try:
        content = read_verified(paths.SPLITS.parent, paths.SPLITS.name)
    except ModelError as error:
        raise DatasetError(str(error)) from error
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
