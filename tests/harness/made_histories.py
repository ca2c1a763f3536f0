"""Histories of trainings that never were."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def made_history(val_mae: Sequence[float], seconds: float = 60.0) -> pd.DataFrame:
    """A history with these errors on val, a row an epoch; train errs half as much."""
    epochs = range(1, len(val_mae) + 1)
    return pd.DataFrame(
        {
            "epoch": list(epochs),
            "seconds": seconds,
            "learning_rate": [1e-3 * (epoch - 1) for epoch in epochs],
            "age_loss": [4.0 / epoch for epoch in epochs],
            "age_mae_years": [error / 2 for error in val_mae],
            "gender_accuracy": 0.9,
            "gender_loss": 0.25,
            "loss": [4.0 / epoch + 0.25 for epoch in epochs],
            "val_age_loss": [5.0 / epoch for epoch in epochs],
            "val_age_mae_years": list(val_mae),
            "val_gender_accuracy": [0.8 + epoch / 100 for epoch in epochs],
            "val_gender_loss": 0.5,
            "val_loss": [5.0 / epoch + 0.5 for epoch in epochs],
        }
    )
