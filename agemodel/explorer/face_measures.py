"""The table of measures that ships beside the splits: what its columns are."""

from __future__ import annotations

import pyarrow as pa

from agemodel.core.tables import Column, Schema

FILE = "faces.parquet"

SCHEMA = Schema(
    (
        Column("file", pa.string(), "the name of the image's file"),
        Column("sharpness", pa.float32(), "of the model's crop, see `faces.quality`"),
        Column("brightness", pa.float32(), "of that crop, 0..255"),
        Column("face_px", pa.float32(), "side of the detected box; null without face"),
        Column("yaw_deg", pa.float32(), "turn of the head; null without face"),
        Column("found", pa.bool_(), "whether the detector finds a face"),
        Column("greyscale", pa.bool_(), "whether the picture has no colour"),
        Column("hash", pa.uint64(), "perceptual, comparable within the table only"),
        Column("duplicate_group", pa.int32(), "of faces of one photo; -1 is none"),
        Column("exact_group", pa.int32(), "of faces of equal pixels; -1 is none"),
        Column("map_x", pa.float32(), "0..1; null where there is no embedding"),
        Column("map_y", pa.float32(), "likewise"),
    )
)
"""A row a usable face, sorted by file."""
