"""The predictions of a run: what `predictions.parquet` holds, a row a face."""

from __future__ import annotations

import pyarrow as pa

from agemodel.core.tables import Column, Schema

PREDICTIONS = "predictions.parquet"
SET_PREDICTIONS = "set_predictions.parquet"
"""Of the faces of val and test of the data sets beside a run's first."""
PREDICTION_SCHEMA = Schema(
    (
        Column("file", pa.string(), "name of the image in the dataset's index"),
        Column("split", pa.string(), "train, val or test"),
        Column("coral", pa.string(), "train or test of CORAL's split; else empty"),
        Column("age", pa.int16(), "as labelled, years"),
        Column("gender", pa.int8(), "as labelled, index in `labels.GENDERS`"),
        Column("race", pa.int8(), "as labelled, index in `labels.RACES`"),
        Column("age_years", pa.float32(), "the estimate, years"),
        Column("age_low", pa.float32(), "lower end of the 80 % interval, years"),
        Column("age_high", pa.float32(), "upper end, years"),
        Column("age_group", pa.int8(), "most probable, index in `labels.AGE_GROUPS`"),
        Column("p_female", pa.float32(), "calibrated probability of female, 0..1"),
        Column("decided", pa.bool_(), "whether the gender is not left open"),
        Column(
            "age_probabilities",
            pa.list_(pa.float32()),
            "the distribution over `labels.AGES`, 116 numbers",
        ),
    )
)
SET_PREDICTION_SCHEMA = Schema(
    (
        Column("set", pa.string(), "the name of the data set"),
        Column("file", pa.string(), "name of the set, a slash, name of the image"),
        Column("split", pa.string(), "val or test"),
        Column("label_low", pa.int16(), "the least age that the label allows, years"),
        Column("label_high", pa.int16(), "the highest; equal where the age is known"),
        Column("gender", pa.int8(), "as labelled, or `index.UNKNOWN`"),
        Column("age_years", pa.float32(), "the estimate, years"),
        Column("age_low", pa.float32(), "lower end of the 80 % interval, years"),
        Column("age_high", pa.float32(), "upper end, years"),
        Column("p_female", pa.float32(), "calibrated probability of female, 0..1"),
    )
)
