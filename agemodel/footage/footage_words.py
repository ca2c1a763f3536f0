"""What a run found and did not look at, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from agemodel.core.words import counted
from agemodel.footage.clip_results import ClipCounts
from agemodel.footage.footage_run import FootageResult
from agemodel.footage.slots import PartShare

COUNTED_AGAIN = "Who leaves the picture and comes back is counted again."
COUNTED_ONCE = (
    "Who was taken for somebody seen before in the run is not counted again; some such "
    "are others."
)

_WITHOUT_AGE = "without a face good enough for an age"
_BRIEF = "seen too briefly or unsurely for a visit"
_NOT_READ = "not read, or not to its end"


def on_returns(same_person: bool) -> str:
    """The sentence on who comes back."""
    return COUNTED_ONCE if same_person else COUNTED_AGAIN


def lines_of(result: FootageResult) -> list[str]:
    """What to tell of a run, a line each."""
    counts = result.counts
    visits = sum(one.visits for one in counts)
    lines = [
        f"{counted(visits, 'visit')} in {_length(sum(one.read_s for one in counts))} "
        f"of footage ({counted(len(counts), 'video')}). "
        f"{on_returns(result.same_person)}"
    ]
    lines += [
        _shares("Age", result.whole.bands),
        _shares("Gender", result.whole.genders),
    ]
    return [line for line in (*lines, *not_counted(counts)) if line]


def not_counted(counts: Sequence[ClipCounts]) -> list[str]:
    """Sentences on what was seen and not counted, and on what was not looked at."""
    found = [
        (sum(c.without_age for c in counts), "visit", _WITHOUT_AGE),
        (sum(c.brief for c in counts), "face", _BRIEF),
        (sum(c.returns for c in counts), "stay", "of who was counted before"),
        (sum(c.frames_damaged for c in counts), "damaged frame", "left out"),
        (sum(bool(c.problem) for c in counts), "video", _NOT_READ),
    ]
    lines = [f"{counted(n, noun)} {what}." for n, noun, what in found if n]
    unread_s = sum(c.unread_s for c in counts)
    if unread_s:
        lines.append(f"{_length(unread_s)} of the time could not be read.")
    return lines


def _shares(what: str, parts: Sequence[PartShare]) -> str:
    if all(part.share is None for part in parts):
        return f"{what}: hidden, for there are too few visits."
    said = [_share(part) for part in parts]
    return f"{what}: {', '.join(said)}."


def _share(part: PartShare) -> str:
    if part.share is None:
        return f"{part.part} hidden (too few)"
    if part.low is None or part.high is None:
        return f"{part.part} {part.share:.0%} (no interval: the model has none)"
    return f"{part.part} {part.share:.0%} ({part.low:.0%} to {part.high:.0%})"


def _length(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
