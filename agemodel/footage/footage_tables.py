"""The files of a run: `visits.parquet`, `visits.csv` and `slots.csv`; JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pyarrow as pa

from agemodel.core.labels import AGES
from agemodel.core.spreadsheets import csv_of
from agemodel.core.tables import Column, Schema, parquet_of
from agemodel.footage.clip_results import ClipResult
from agemodel.footage.slots import Slot
from agemodel.footage.stretches import ClipTime
from agemodel.footage.visit import Visit

VISIT_SCHEMA = Schema(
    (
        Column("visit", pa.int32(), "its number in the run, from 1 on"),
        Column("clip", pa.string(), "path of the clip"),
        Column("start_s", pa.float64(), "when the face was first seen, s of the clip"),
        Column("end_s", pa.float64(), "when it was last seen, s of the clip"),
        Column("start", pa.string(), "the first by the clock; null if not known"),
        Column("seconds", pa.float64(), "how long it was in view"),
        Column("looks", pa.int32(), "frames that show it"),
        Column("looks_used", pa.int32(), "of them for the age"),
        Column("size_px", pa.float32(), "median side of the face in those"),
        Column("age_years", pa.float32(), "the estimate; null with a reason"),
        Column("age_low", pa.float32(), "lower end of the 80 % interval"),
        Column("age_high", pa.float32(), "upper end"),
        Column("p_female", pa.float32(), "calibrated probability of female"),
        Column("gender", pa.string(), "female, male or uncertain; null with a reason"),
        Column("reason", pa.string(), "why there is no age; null where there is one"),
        Column(
            "age_probabilities",
            pa.list_(pa.float32()),
            f"the mean distribution over the ages, {len(AGES)} numbers, or none",
        ),
    )
)
_CSV_COLUMNS = [name for name in VISIT_SCHEMA.names if name != "age_probabilities"]

SLOT_COLUMNS = (
    *("start", "end", "start_s", "end_s", "minutes", "of", "part"),
    *("visits", "share", "share_low", "share_high", "hidden"),
)


def visit_records(
    results: Sequence[ClipResult], times: Sequence[ClipTime]
) -> list[dict[str, Any]]:
    """A record a visit, with the columns of `VISIT_SCHEMA`, by clip and time."""
    numbered = (
        (visit, time)
        for result, time in zip(results, times, strict=True)
        for visit in result.visits
    )
    return [
        _visit_record(number, visit, time)
        for number, (visit, time) in enumerate(numbered, start=1)
    ]


def _visit_record(number: int, visit: Visit, time: ClipTime) -> dict[str, Any]:
    start = time.start and time.start + timedelta(seconds=visit.start_s)
    values = vars(visit) | {
        "visit": number,
        "start": start.isoformat(timespec="seconds") if start else None,
        "seconds": round(visit.seconds, 3),
        "gender": visit.gender or None,
    }
    return {name: values[name] for name in VISIT_SCHEMA.names}


def visits_parquet(records: Sequence[dict[str, Any]]) -> bytes:
    """The content of `visits.parquet`."""
    return parquet_of(pa.Table.from_pylist(list(records), VISIT_SCHEMA.arrow))


def visits_csv(records: Sequence[dict[str, Any]]) -> bytes:
    """The content of `visits.csv`: all but the distributions."""
    return csv_of(_CSV_COLUMNS, records)


def slots_csv(whole: Slot, slots: Sequence[Slot]) -> bytes:
    """The content of `slots.csv`: a row a part of each stretch, then of all of it."""
    return csv_of(
        SLOT_COLUMNS, (row for slot in (*slots, whole) for row in _rows(slot))
    )


def slot_record(number: int, slot: Slot) -> dict[str, Any]:
    """A slot as `--json` prints it."""
    values = asdict(slot)
    for name in ("bands", "genders", "bands_by_gender"):
        values[name] = {part.pop("part"): part for part in values[name]}
    if not values["bands_by_gender"]:
        del values["bands_by_gender"]
    values |= {"start": slot.start or None, "end": slot.end or None}
    return {"slot": number} | values


def _rows(slot: Slot) -> Iterator[dict[str, Any]]:
    beside = {
        name: getattr(slot, name)
        for name in ("start", "end", "start_s", "end_s", "minutes")
    }
    hidden = slot.visits is None
    every = {"of": "all", "part": "", "visits": slot.visits, "hidden": int(hidden)}
    yield beside | every
    parts = {
        "band": slot.bands,
        "gender": slot.genders,
        "band by gender": slot.bands_by_gender,
    }
    for kind, of_kind in parts.items():
        for part in of_kind:
            yield beside | {
                "of": kind,
                "part": part.part,
                "visits": part.count,
                "share": part.share,
                "share_low": part.low,
                "share_high": part.high,
                "hidden": int(part.share is None),
            }
