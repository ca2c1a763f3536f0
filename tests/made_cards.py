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
}


def made_card(**changes: Any) -> dict[str, Any]:
    """A whole card; `changes` replace its entries."""
    card = {
        "format": 1,
        "name": "mobile",
        "network": "mobile",
        "run": "mobile-7",
        "input_px": 128,
        "flip_average": True,
        "parameters": 3_348_789,
        "file": "model.tflite",
        "bytes": 6_670_356,
        "sha256": "ab" * 32,
        "difference_from_keras": {"faces": 9, "age_years": 0.1, "p_female": 0.01},
        "calibration": {"coverage": 0.8},
        "conditions": {},
        "metrics": {"val": PART, "test": PART | {"mae_years": 4.567}},
        "groups": {"test": {"age_group": {"0-2": PART | {"n": 77}}}},
        "training": {"best_epoch": 7, "epochs": 8},
        "licence": "Research only.",
    }
    return card | changes
