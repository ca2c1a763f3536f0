from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from agemodel.core.errors import ConfigError
from agemodel.core.labels import AGES
from agemodel.footage.clip_results import ClipCounts, ClipResult
from agemodel.footage.footage_settings import FootageSettings
from agemodel.footage.footage_tables import slot_record, slots_csv, visit_records
from agemodel.footage.slots import Slot, sum_up
from agemodel.footage.stretches import clip_times, read_start, start_in_name
from agemodel.footage.visit import Visit
from agemodel.metrics.shares import CELLS, ShareCalibration, all_partitions

EVEN = ShareCalibration(
    (1 / CELLS,) * CELLS,
    {parts.name: (0.0,) * len(parts.parts) for parts in all_partitions()},
    100,
    10,
)


def visit(start_s: float, age: int = 30, p_female: float = 0.99) -> Visit:
    probabilities = tuple(np.eye(len(AGES))[age - 1].tolist())
    return Visit(
        "a.mp4", start_s, start_s + 5, 9, 9, 80.0, age, age - 5, age + 5,
        probabilities, p_female, "female",
    )  # fmt: skip


def unknown(start_s: float) -> Visit:
    return Visit("a.mp4", start_s, start_s + 5, 9, 0, 20.0, reason="Too small.")


def clip(read_s: float, *visits: Visit) -> ClipResult:
    return ClipResult(ClipCounts("a.mp4", read_s=read_s), visits)


def summed(*clips: ClipResult, **settings: object) -> tuple[Slot, list[Slot]]:
    times = clip_times(clips, [None] * len(clips))
    return sum_up(clips, times, FootageSettings(**settings), EVEN)


def by_name(parts: tuple) -> dict[str, float | None]:
    return {part.part: part.count for part in parts}


def test_a_visit_belongs_to_the_slot_in_which_it_begins() -> None:
    # two clips of 50 minutes one after the other, summed up by the hour
    first = clip(3000, visit(10), visit(2990))
    second = clip(3000, visit(599), visit(601))
    whole, slots = summed(first, second, least_count=1)
    assert [slot.visits for slot in slots] == [3, 1]
    assert [slot.minutes for slot in slots] == [60, 40]
    assert (slots[1].start_s, slots[1].end_s, slots[1].start) == (3600, 7200, "")
    assert (whole.visits, whole.minutes) == (4, 100)


def test_slots_are_those_of_the_clock_where_it_is_known() -> None:
    clips = [clip(600, visit(300)), clip(600, visit(0))]
    times = clip_times(clips, [datetime(2026, 11, 27, 9, 55), None])
    _, slots = sum_up(clips, times, FootageSettings(least_count=1), EVEN)
    assert [slot.start for slot in slots] == [
        "2026-11-27T09:00:00",
        "2026-11-27T10:00:00",
    ]
    # the first begins at 10:00 sharp; the second clip follows without a gap, at 10:05
    assert [slot.visits for slot in slots] == [0, 2]
    assert [slot.minutes for slot in slots] == [5, 15]
    assert visit_records(clips, times)[1]["start"] == "2026-11-27T10:05:00"
    assert (slots[0].start_s, slots[1].start_s) == (0, 3600)


def test_shares_are_of_the_visits_with_an_age() -> None:
    visits = [visit(n, age=25) for n in range(30)] + [unknown(n) for n in range(12)]
    whole, (slot,) = summed(clip(600, *visits), least_count=1)
    assert (slot.visits, slot.with_age) == (42, 30)
    assert by_name(slot.bands)["20-39"] == pytest.approx(30, abs=0.5)
    assert by_name(slot.genders)["female"] == pytest.approx(30, abs=2)
    assert sum(part.share for part in slot.bands) == pytest.approx(1, abs=0.001)
    for part in (*slot.bands, *slot.genders, *whole.bands_by_gender):
        assert part.low <= part.share <= part.high


def test_counts_below_ten_and_what_would_reveal_them_are_hidden() -> None:
    old = [visit(n, age=75, p_female=0.01) for n in range(4)]
    young = [visit(n, age=25) for n in range(40)]
    busy = [visit(3600 + n, age=a) for n in range(30) for a in (5, 25, 45, 75)]
    calm = [visit(7200 + n, age=25) for n in range(6)]
    late = [visit(10800 + n, age=25) for n in range(50)]
    whole, slots = summed(clip(14400, *old, *young, *busy, *calm, *late))
    # the third hour has six visits; it could be told from the total of 220, so the
    # hour with the next fewest is hidden, too: the first, of 44
    assert [slot.visits for slot in slots] == [None, 120, None, 50]
    assert all(
        part.share is None for slot in (slots[0], slots[2]) for part in slot.bands
    )
    # of the fourth hour only the one band has ten visits, and its total tells no other
    shown = {name: count for name, count in by_name(slots[3].bands).items() if count}
    assert set(shown) <= {"20-39"}
    assert whole.visits == 220


def test_nothing_is_hidden_where_that_is_asked_for() -> None:
    whole, slots = summed(clip(600, visit(1)), least_count=1)
    assert slots[0].visits == 1
    assert None not in by_name(whole.bands_by_gender).values()


def test_a_model_without_a_calibration_has_shares_and_no_intervals() -> None:
    clips = [clip(60, *[visit(n, p_female=0.4) for n in range(30)])]
    times = clip_times(clips, [None])
    whole, _ = sum_up(clips, times, FootageSettings(), None)
    female = whole.genders[1]
    assert (female.share, female.low, female.high) == (pytest.approx(0.4), None, None)


def test_footage_without_visits_has_slots_without_shares() -> None:
    whole, slots = summed(clip(4000), least_count=1)
    assert [(slot.visits, slot.minutes) for slot in slots] == [(0, 60), (0, 6.67)]
    assert whole.visits == 0


def test_hidden_cells_are_empty_in_the_table_and_null_in_json() -> None:
    whole, slots = summed(clip(60, *[visit(n) for n in range(25)]))
    rows = slots_csv(whole, slots).decode("utf-8-sig").splitlines()
    assert rows[0].startswith('"start","end","start_s","end_s","minutes","of","part"')
    assert '"","",0.0,3600.0,1.0,"all","",25,"","","",0' in rows
    hidden = [row for row in rows if row.endswith(",1")]
    assert hidden and all(',"","","","",1' in row for row in hidden)
    record = slot_record(1, slots[0])
    assert record["visits"] == 25 and record["start"] is None
    assert record["bands"]["0-19"] == dict.fromkeys(("count", "share", "low", "high"))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("cam2_20261127_143000.mp4", "2026-11-27T14:30:00"),
        ("2026-11-27 14.30.05.mkv", "2026-11-27T14:30:05"),
        ("VID_20261127T0915.mp4", "2026-11-27T09:15:00"),
        ("NVR_ch1_main_20261127090000_20261127100000.mp4", "2026-11-27T09:00:00"),
        ("20261399_990000.mp4", None),
        ("holiday 2026.mp4", None),
        ("1234567890123456.mp4", None),
    ],
)
def test_the_time_in_a_name_is_read(name: str, start: str | None) -> None:
    found = start_in_name(name)
    assert (found and found.isoformat()) == start


def test_a_time_that_is_none_is_refused() -> None:
    assert read_start("2026-11-27 09:00") == datetime(2026, 11, 27, 9)
    with pytest.raises(ConfigError, match="is no time"):
        read_start("nine")


@pytest.mark.parametrize(
    "wrong",
    [{"looks_per_s": 0}, {"zone": (0.5, 0, 0.4, 1)}, {"bands": "two"}, {"slot_s": 1}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        FootageSettings(**wrong)
