"""A model's card, as an export would write it, with made-up figures."""

from __future__ import annotations

from typing import Any

PART = {
    "n": 1234,
    "mae_years": 4.321,
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
STABILITY = {
    "n": 500,
    "jitters": 10,
    "median_range_years": 2.6,
    "p90_range_years": 5.4,
}


def made_card(**changes: Any) -> dict[str, Any]:
    """A whole card; `changes` replace its entries."""
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
        "calibration": {"coverage": 0.8},
        "conditions": {},
        "metrics": {"val": PART, "test": PART | {"mae_years": 4.567}},
        "groups": {"test": {"age_group": {"0-2": PART | {"n": 77}}}},
        "stability": STABILITY,
        "faces": {"total": 12, "parts": {"train": 9, "val": 2, "test": 1}},
        "recipe": {"name": "mobile", "network": "mobile", "pretrained": True},
        "training": {"best_epoch": 7, "epochs": 8},
        "licence": "Research only.",
    }
    return card | changes
