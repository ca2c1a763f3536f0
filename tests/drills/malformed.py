"""Damaged, malicious and odd files through all that `predict` does to a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tests.drills.malformed_bombs import bombs, large_ones, phone_photo, slow_ones
from tests.drills.malformed_files import damaged
from tests.drills.malformed_worker import Answer, answers
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.made_pictures import MAKES, Made, odd_ones, oriented

PROMISE = """
No upload breaks the app: whatever a file holds, an answer comes back, an estimate or a
sentence, in 2 seconds and 400 MB; bombs are refused from their headers, odd but valid
files are read, and a face has one estimate however its photo is turned.
"""
COUNT = 10_000
SEED = 20_260
MOST_P99_S = 2.0
MOST_MB = 400.0
MOST_BOMB_S, MOST_BOMB_MB = 0.1, 50.0
MOST_PHONE_MB = 150.0
MOST_AGE_SPREAD = 1e-4


def run(count: int = COUNT) -> tuple[list[Finding], list[str]]:
    """Make every file and estimate it."""
    spoilt = list(answers(damaged(count, SEED)))
    slow = list(answers(slow_ones()))
    every = [*spoilt, *slow]
    found = [
        *_typed("Damaged files", spoilt),
        *_measured("Damaged files", spoilt),
        *_typed("Files that keep a reader busy", slow),
        *_measured("Files that keep a reader busy", slow),
        *_bombs(list(answers(bombs()))),
        *_valid(),
    ]
    return found, [
        f"The damaged files come from bundled photos in {len(MAKES)} makes of eight "
        f"formats, by a generator with the seed {SEED}; {_read(every):,} of "
        f"{len(every):,} could still be read.",
        *(
            f"{answer.name}: {answer.kind} {answer.detail}"
            for answer in every
            if answer.kind not in ("estimate", "sentence")
        ),
    ]


def _typed(what: str, given: Sequence[Answer]) -> Iterator[Finding]:
    kinds = [answer.kind for answer in given]
    ended = sum(kind in ("estimate", "sentence") for kind in kinds)
    yield all_of(f"{what}: answered by an estimate or a sentence", ended, len(kinds))
    yield none_of(f"{what}: process died", kinds.count("death"), len(kinds))
    yield none_of(f"{what}: process hung", kinds.count("hang"), len(kinds))
    noisy = sum(bool(answer.noise) for answer in given)
    yield none_of(f"{what}: words on standard error", noisy, len(kinds))


def _measured(what: str, given: Sequence[Answer]) -> Iterator[Finding]:
    p50, p99 = np.percentile([answer.seconds for answer in given], (50, 99))
    yield Finding(f"{what}: time, median", f"{p50:.3f} s")
    yield at_most(f"{what}: time, 99 %", p99, MOST_P99_S, "s", 2)
    slowest = max(given, key=lambda answer: answer.seconds)
    longest = f"{slowest.seconds:.2f} s ({slowest.name})"
    yield Finding(f"{what}: time, longest", longest)
    most = max(answer.peak_mb for answer in given)
    yield at_most(f"{what}: memory over the baseline", most, MOST_MB, "MB")


def _bombs(given: Sequence[Answer]) -> Iterator[Finding]:
    refused = sum(answer.kind == "sentence" for answer in given)
    yield all_of("Bombs of 100 to 4,290 MP: refused", refused, len(given))
    seconds = max(answer.seconds for answer in given)
    yield at_most("Bombs: time, longest", seconds, MOST_BOMB_S, "s", 2)
    most = max(answer.peak_mb for answer in given)
    yield at_most("Bombs: memory over the baseline", most, MOST_BOMB_MB, "MB")


def _valid() -> Iterator[Finding]:
    odd = list(answers(odd_ones()))
    yield all_of("Odd but valid files: read", _read(odd), len(odd))
    with_face = sum(bool(answer.ages) for answer in odd)
    faces = f"{with_face} of {len(odd)}"  # YCCK is made of CMYK: wrong colours
    yield Finding("Odd but valid files: face found", faces)
    large = list(answers(large_ones()))
    yield all_of("Honest pictures of 12 to 108 MP: read", _read(large), len(large))
    longest = max(answer.seconds for answer in large)
    yield Finding("Honest pictures: time, longest", f"{longest:.2f} s")
    most = max(answer.peak_mb for answer in large)
    yield at_most("Honest pictures: memory over the baseline", most, MOST_MB, "MB")
    (phone,) = answers([phone_photo()])
    what = "JPEG of 108 MP: memory over the baseline"
    yield at_most(what, phone.peak_mb, MOST_PHONE_MB, "MB")
    yield _turned(made for _, made in oriented())


def _turned(files: Iterable[Made]) -> Finding:
    ages = [answer.ages for answer in answers(files)]
    whole = all(len(found) == 1 for found in ages)
    spread = float(np.ptp([found[0] for found in ages])) if whole else float("inf")
    what = f"Eight orientations in {len(ages) // 8} formats: ages apart"
    return at_most(what, spread, MOST_AGE_SPREAD, "years", 4)


def _read(given: Iterable[Answer]) -> int:
    return sum(answer.kind == "estimate" for answer in given)
