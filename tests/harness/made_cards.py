"""A model's card, as an export would write it, with made-up figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agemodel.core.checksums import seal, unseal
from agemodel.models.card import Card, card_from
from agemodel.models.model_folder import CARD

PART = {
    "n": 1234,
    "mae_years": 4.321,
    "median_error_years": 2.9,
    "rmse_years": 6.2,
    "cs1": 0.2,
    "cs3": 0.5,
    "cs10": 0.9,
    "gender_accuracy_95": [0.94, 0.96],
    "mae_years_95": [4.2, 4.5],
    "cs5": 0.7,
    "group_accuracy": 0.6,
    "group_one_off": 0.9,
    "gender_accuracy": 0.95,
    "coverage": 0.8,
    "mean_width_years": 14.2,
    "bias_years": -1.5,
    "uncertain_share": 0.16,
    "decided_gender_accuracy": 0.987,
    "gender_calibration_error": 0.011,
}
STABILITY = {"n": 500, "jitters": 10, "median_range_years": 2.6, "p90_range_years": 5.4}


def made_conditions(**mae_years: Mapping[float, float]) -> dict[str, Any]:
    """What a card's file holds of its conditions: errors in years by value and name.

    As they are the faces err by 4 years; one and the same age for all by 16.
    """
    curves = {
        name: [
            {
                "at": at,
                "n": 99,
                "mae_years": years,
                "coverage": 0.7,
                "widening": years / 4,
                "coverage_widened": 0.8,
            }
            for at, years in curve.items()
        ]
        for name, curve in mae_years.items()
    }
    beside = {"usual_mae_years": 4.0, "same_age_mae_years": 16.0, "n": 99}
    return beside | {"curves": curves}


def made_card(**changes: Any) -> Card:
    """A whole card; `changes` replace the entries of its file."""
    return card_from(made_values(**changes))


def write_values(folder: Path, values: Mapping[str, Any]) -> Path:
    """Write a card's file with any values into a model's folder; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).write_bytes(seal(values))
    return folder / CARD


def read_values(folder: Path) -> dict[str, Any]:
    """What the file of a model's card holds, without its digest."""
    return unseal((folder / CARD).read_bytes())


def made_values(**changes: Any) -> dict[str, Any]:
    """What the file of a whole card holds; `changes` replace its entries."""
    card = {
        "format": 2,
        "name": "mobile",
        "network": "mobile",
        "run": "mobile-7",
        "input_px": 128,
        "flip_average": True,
        "parameters": 3_348_789,
        "file": "model.tflite",
        "bytes": 6_670_356,
        "sha256": "ab" * 32,
        "weights": "int8",
        "difference_from_keras": {
            "faces": 9,
            "age_years": 3.1,
            "mean_age_years": 0.2,
            "p_female": 0.1,
            "mae_years": 4.51,
            "keras_mae_years": 4.5,
            "gender_accuracy": 0.95,
            "keras_gender_accuracy": 0.951,
        },
        "calibration": {
            "coverage": 0.8,
            "central_shares": None,
            "half_width_years": 7.1,
            "gender_slope": 1.0,
            "gender_offset": 0.0,
            "uncertain_above": 0.1,
            "faces": 1234,
        },
        "conditions": made_conditions(),
        "metrics": {"val": PART, "test": PART | {"mae_years": 4.567}},
        "groups": {"test": {"age_group": {"0-2": PART | {"n": 77}}}},
        "stability": STABILITY,
        "faces": {"total": 12, "parts": {"train": 9, "val": 2, "test": 1}},
        "recipe": {"name": "mobile", "network": "mobile", "pretrained": True},
        "training": {"best_epoch": 7, "epochs": 8},
        "licence": "Research only.",
    }
    return card | changes
