"""The report of a run over footage, one page for whoever asked who came.

It holds sums alone, never a row a person: what is hidden for being too few in the run's
files is hidden here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from agemodel import __version__
from agemodel.core.errors import FootageError
from agemodel.core.files import Place, write_whole, writing
from agemodel.figures import footage_charts
from agemodel.footage.footage_words import not_counted, on_returns
from agemodel.footage.saved_run import SavedRun, read_saved
from agemodel.footage.slots import PartShare, Slot
from agemodel.report.document import (
    Beside,
    Block,
    Chart,
    Items,
    Note,
    Paragraph,
    Section,
    Table,
    page_html,
)

FEW = "too few to be shown"
_MOST_ROWS = 24


def footage_report_html(folder: Path) -> str:
    """The report of a run over footage.

    Args:
        folder: of the run.

    Raises:
        FootageError: it holds no results, or they are damaged.
    """
    saved = read_saved(folder)
    sections = [
        Section("time", "Over time", _over_time(saved)),
        Section("who", "Ages and genders", _who(saved)),
        Section("reading", "How to read it", [Items(_reading(saved))]),
    ]
    return page_html(f"Who came: {folder.name}", _lead(saved), sections)


def write_footage_report(folder: Path, path: Path) -> None:
    """Write the report of a run over footage, whole or not at all.

    Args:
        folder: of the run.
        path: of the file; folders that are missing are made.

    Raises:
        FootageError: the run has no results, or the file cannot be written there.
    """
    if path.is_dir():
        raise FootageError(
            f"{path} is a folder: expected a file to write the report to, such as "
            f"{path / 'report.html'}."
        )
    page = footage_report_html(folder).encode()
    with writing("The report", Place(path.parent, "--report"), FootageError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, page)


def _lead(saved: SavedRun) -> list[Block]:
    whole = saved.whole
    length = timedelta(seconds=round(sum(one.read_s for one in saved.counts)))
    visits = FEW if whole.visits is None else f"{whole.visits:,}"
    texts = [
        f"Visits: {visits}, in {length} of footage{_span(saved.slots)}.",
        " ".join(filter(None, (_most(whole.bands), _busiest(saved.slots)))),
    ]
    if saved.clips_done < saved.clips:
        done = f"{saved.clips_done:,} of {saved.clips:,} videos are done"
        texts.insert(0, f"{done}: this is a part of the results.")
    written = datetime.fromisoformat(saved.written)
    note = Note(
        f"Results of {written:%Y-%m-%d at %H:%M} UTC, report by agemodel "
        f"{__version__}. It holds no picture, and no row of a single person."
    )
    return [*(Paragraph(text) for text in texts if text), note]


def _span(slots: Sequence[Slot]) -> str:
    if not slots or not slots[0].start:
        return ""
    first, last = slots[0].start[:16], slots[-1].end[:16]
    return f", from {first.replace('T', ' ')} to {last.replace('T', ' ')}"


def _most(bands: Sequence[PartShare]) -> str:
    shown = [part for part in bands if part.share]
    if not shown:
        return ""
    most = max(shown, key=lambda part: part.share or 0.0)
    return f"The largest age band: {most.part} years, {_in_percent(most)}."


def _busiest(slots: Sequence[Slot]) -> str:
    known = [(slot.visits, n) for n, slot in enumerate(slots) if slot.visits]
    if len(known) < 2:
        return ""
    visits, number = max(known, key=lambda one: one[0])
    return (
        f"Most came at {footage_charts.slot_names(slots)[number]}: {visits:,} visits."
    )


def _over_time(saved: SavedRun) -> list[Block]:
    if not saved.slots:
        return [Paragraph("Nothing was read.")]
    chart = Chart(
        footage_charts.figure_visits(saved.slots),
        "Visits over time, stacked by age band",
    )
    names = footage_charts.slot_names(saved.slots)
    rows = [
        {
            "Time": name,
            "Minutes read": f"{slot.minutes:.0f}",
            "Visits": FEW if slot.visits is None else f"{slot.visits:,}",
        }
        for name, slot in zip(names, saved.slots, strict=True)
    ]
    return [chart, *([Table(rows, "Visits")] if len(rows) <= _MOST_ROWS else [])]


def _who(saved: SavedRun) -> list[Block]:
    whole = saved.whole
    if all(part.share is None for part in (*whole.bands, *whole.genders)):
        return [Paragraph(f"Shares: {FEW}.")]
    bands = Chart(footage_charts.figure_shares(whole.bands), "Share of each age band")
    by_gender = whole.bands_by_gender
    pyramid = Chart(
        footage_charts.figure_pyramid(by_gender), "Ages by gender, males left"
    )
    is_shown = any(part.share is not None for part in by_gender)
    parts = (("Age", whole.bands), ("Gender", whole.genders))
    rows = [
        {"Of": kind, "Group": part.part, "Share": _in_percent(part)}
        for kind, of_kind in parts
        for part in of_kind
    ]
    interval = ", with 95 % intervals" if saved.has_intervals else ""
    return [
        Beside([bands, pyramid][: 1 + is_shown]),
        Table(rows, f"Shares of the visits with an age{interval}"),
    ]


def _in_percent(part: PartShare) -> str:
    if part.share is None:
        return FEW
    if part.low is None or part.high is None:
        return f"{part.share:.0%}"
    return f"{part.share:.0%} (95 %: {part.low:.0%} to {part.high:.0%})"


def _reading(saved: SavedRun) -> list[str]:
    least = saved.settings.least_count
    interval = (
        "An interval holds the true share of 95 in 100 such stores; faces of another "
        "camera than those it was measured on may be worse."
        if saved.has_intervals
        else "The shares have no intervals: the model has no calibration of shares."
    )
    return [
        f"A visit is one person's stay in view. "
        f"{on_returns(saved.settings.same_person)}",
        "Only faces are found: who is seen from behind all the time is not counted.",
        interval,
        "Gender is the label that faces of the training had; it is no statement about "
        "a person.",
        *([f"Counts below {least} are hidden."] if least > 1 else []),
        *not_counted(saved.counts),
        "These are estimates about many people, never for judging one person.",
    ]
