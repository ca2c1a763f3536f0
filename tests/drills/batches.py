"""Batches: hostile archives, the caps, and names that are more than names."""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from typing import Any

from agemodel.core.caps import caps
from agemodel.core.errors import AgeModelError
from agemodel.core.file_names import shown_name
from agemodel.core.spreadsheets import safe_cell
from agemodel.images import encode_jpeg, encode_png
from agemodel.serving import (
    Batch,
    Estimator,
    PhotoResult,
    estimate_photo,
    results_csv,
    results_json,
)
from agemodel.serving.uploads import Upload, find_photos
from tests.drills import batches_browser
from tests.drills.crowds import crowd
from tests.harness import made_archives as made
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.made_archives import MB, archive_of, deflated, stored, zip_of
from tests.harness.names_shown import (
    AS_TEXT,
    CANARY,
    faceless_png,
    kinds_that_say,
    page_of,
)
from tests.harness.naughty_names import PUBLISHED, naughty_names, published_names

PROMISE = """
Photos, bytes, pixels and faces have caps, which the environment can change and which a
sentence names. Archives are read in memory with a count of every byte: nothing of them
is written, linked, unlocked or unpacked twice. Names are shown as they are, and no cell
of a CSV is a formula. Of 300 photos none is lost.
"""

PHOTOS = 300
MOST_ANSWER_S = 2.0
MOST_MEMORY_MB = 400
MOST_CROWD_S = 20.0
BOMB_BYTES = 100 * MB


def run() -> tuple[list[Finding], list[str]]:
    """Try archives, caps, names, a large batch and a crowd.

    Raises:
        Missing: there is no Chromium.
    """
    findings = [*_archives(), *_caps(), *_names(), *_large_batch(), *_crowds()]
    findings += batches_browser.findings()
    return findings, _notes()


def _notes() -> list[str]:
    own = f"The {len(naughty_names())} naughty names are a list of our own kinds."
    if published_names():
        return [own + " The published list is the one that was at hand."]
    return [
        own
        + f" A published one (a JSON list of strings) is tried, too, where {PUBLISHED} "
        "names its file."
    ]


# ---------------------------------------------------------------- archives


def hostile_archives() -> dict[str, bytes]:
    """Archives by what is wrong with them."""
    photo = faceless_png()
    bomb = deflated("bomb.png", bytes(BOMB_BYTES))
    return {
        "names that lead outside": archive_of(
            stored(name, photo)
            for name in (
                "../a.png",
                "/a.png",
                "C:\\a.png",
                "..\\a.png",
                "a/../../b.png",
            )
        ),
        "a link": archive_of([stored("a.png", b"/etc/passwd", mode=0o120777)]),
        "a device": archive_of([stored("a.png", b"", mode=0o020666)]),
        "a password": archive_of([stored("a.png", photo, flags=1)]),
        "a bomb": archive_of([bomb]),
        "a bomb that lies about its size": archive_of([replace(bomb, size=10)]),
        "a bomb that claims 4 GB": archive_of([replace(bomb, size=2**32 - 2)]),
        "bombs, one over the cap together": archive_of(
            replace(bomb, name=f"{n}.png".encode()) for n in range(22)
        ),
        "one bomb listed 5,000 times": made.same_bytes_often(5_000, 10 * MB),
        "overlapping bombs": made.overlapping(250, 10 * MB),
        "archives in archives": made.nested(3, 8),
        "archives in archives under other names": made.nested(3, 8, "{}.jpg"),
        "40,000 files": made.many_names(40_000),
        "a table of contents without files": made.endless_directory(2 * MB),
        "a table of contents of 20 MB": made.endless_directory(20 * MB),
        "a wrong checksum": archive_of([stored("a.png", photo, crc=1)]),
        "an unknown packing": archive_of([stored("a.png", photo, method=99)]),
        "a name that is no Unicode": archive_of([stored(b"\xff\xfe.png", photo)]),
        "a name of 60,000 letters": archive_of([stored("a" * 60_000, photo)]),
        "a name twice": archive_of([stored("a.png", photo), stored("a.png", photo)]),
        "half of it": zip_of(("a.png", photo))[:-40],
        "no archive": photo,
        "nothing": b"",
    }


def _archives() -> Iterator[Finding]:
    made_archives = hostile_archives()
    before_mb = _peak_mb()
    longest, silent = 0.0, []
    with _written() as written:
        for what, content in made_archives.items():
            begun = time.perf_counter()
            uploads = find_photos([("t.zip", content)])
            longest = max(longest, time.perf_counter() - begun)
            for upload in uploads:
                begun = time.perf_counter()
                if not _answers(upload):
                    silent.append(what)
                longest = max(longest, time.perf_counter() - begun)
    count = len(made_archives)
    yield all_of(
        "Hostile archives that got typed answers", count - len(set(silent)), count
    )
    yield none_of(
        "Hostile archives of which a file was opened to write", len(written), count
    )
    yield at_most(
        "Longest answer to an archive or a file in it", longest, MOST_ANSWER_S, "s", 2
    )
    over = _peak_mb() - before_mb
    yield at_most("Memory over the baseline", over, MOST_MEMORY_MB, "MB")


def _answers(upload: Upload) -> bool:
    """Whether it gives bytes within the caps, or a sentence."""
    try:
        return len(upload.read()) <= caps().member_bytes
    except AgeModelError as error:
        return str(error).endswith((".", "!"))


@contextmanager
def _written() -> Iterator[list[str]]:
    """The files that are opened to be written while the block runs."""
    found: list[str] = []
    watching = [True]

    def note(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and watching and set(str(args[1] or "")) & set("wax+"):
            found.append(str(args[0]))

    sys.addaudithook(note)  # there is no way to take it out again
    try:
        yield found
    finally:
        watching.clear()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---------------------------------------------------------------- caps


def _caps() -> Iterator[Finding]:
    photo = faceless_png()
    many = [(f"{n}.png", photo) for n in range(5_000)]
    tries: dict[str, tuple[dict[str, str], list[tuple[str, bytes]], str]] = {
        "PHOTOS": ({}, many, f"at most {caps().photos} photos"),
        "WAITING_MB": ({}, [("a", bytes(MB)), ("b", bytes(MB))], "at most 1 MB"),
        "MEMBER_MB": ({}, [("t.zip", zip_of(("a", bytes(2 * MB))))], "at most 1 MB"),
        "UNPACKED_MB": ({}, [("t.zip", zip_of(("a", bytes(2 * MB))))], "at most 1 MB"),
        "FILE_MB": ({}, [("a.png", photo + bytes(2 * MB))], "at most 1 MB"),
        "MEGAPIXELS": ({}, [("a.png", faceless_png(2_000, 1_000))], "1 megapixels"),
    }
    said = 0
    for name, (more, files, sentence) in tries.items():
        value = {} if name == "PHOTOS" else {f"AGEMODEL_MAX_{name}": "1"}
        with _environment(more | value):
            said += any(sentence in error for error in _errors(files))
    yield all_of("Caps that a sentence names when they are met", said, len(tries))


def _errors(files: Sequence[tuple[str, bytes]]) -> list[str]:
    errors = []
    for upload in find_photos(files):
        try:
            result = estimate_photo(_NoFaces(), upload.read(), upload.name)
        except AgeModelError as error:
            errors.append(str(error))
        else:
            errors.append(result.error or "")
    return errors


class _NoFaces(Estimator):
    """Finds none, at once."""

    def __init__(self) -> None:
        pass

    def estimate_upright(self, rgb: Any) -> Any:
        return [], 0


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    caps.cache_clear()
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update(before)
        caps.cache_clear()


# ---------------------------------------------------------------- names


def _names() -> Iterator[Finding]:
    for which, names in (
        ("Naughty names", naughty_names()),
        ("Names of the published list", published_names()),
    ):
        if names:
            yield from _names_of(which, [f"{name}{CANARY}" for name in names])


def _names_of(which: str, names: list[str]) -> Iterator[Finding]:
    shown = [shown_name(name) for name in names]
    photo = faceless_png()
    page = page_of([(name, photo) for name in names])
    lines = [text.value for text in page.text]
    wanted = [f"{name} (320 by 160 px)".strip() for name in shown]
    table = page.dataframe[0].value["file"].tolist()
    right = sum(map(_same, zip(lines, wanted, strict=True))) if lines else 0
    yield all_of(f"{which}, under their photos", right, len(names))
    yield all_of(
        f"{which}, in the table",
        sum(map(_same, zip(table, shown, strict=True))),
        len(names),
    )
    broken = page_of([(name, b"bad") for name in names])
    kinds = (kinds_that_say(page, CANARY) | kinds_that_say(broken, CANARY)) - AS_TEXT
    failed = len(page.exception) + len(broken.exception)
    yield none_of(
        f"{which}: kinds of elements that would take them for markup", len(kinds), 2
    )
    yield none_of(f"{which}: tracebacks", failed, 2 * len(names))
    yield from _files_of(which, [PhotoResult(name) for name in shown])


def _files_of(which: str, results: list[PhotoResult]) -> Iterator[Finding]:
    names = [result.name for result in results]
    records = json.loads(results_json(results))
    same = sum(map(_same, zip((r["file"] for r in records), names, strict=True)))
    yield all_of(f"{which}, in JSON", same, len(names))
    text = StringIO(results_csv(results).decode("utf-8-sig"), newline="")
    cells = [row["file"] for row in csv.DictReader(text)]
    bare = zip(
        (c.removeprefix("'") for c in cells),
        (n.removeprefix("'") for n in names),
        strict=True,
    )
    yield all_of(f"{which}, in CSV", sum(map(_same, bare)), len(names))
    formulas = sum(safe_cell(cell) != cell for cell in cells)
    yield none_of(f"{which}: cells of the CSV that are formulas", formulas, len(cells))


def _same(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


# ---------------------------------------------------------------- many photos and faces


def _large_batch() -> Iterator[Finding]:
    """Photos of 3 and of 36 faces, some the same, some broken."""
    estimator = Estimator.load()
    different = [encode_jpeg(crowd(1, 1, 300 + n), 80) for n in range(PHOTOS // 10)]
    different.append(encode_jpeg(crowd(4, 3, 458), 80))
    files = [
        (f"{n}.jpg", b"broken" if n % 7 == 6 else different[n % len(different)])
        for n in range(PHOTOS)
    ]
    batch = Batch()
    batch.add(files)
    begun = time.perf_counter()
    while batch.step(estimator) is not None:
        pass
    took = time.perf_counter() - begun
    in_order = [result.name for result in batch.results] == [name for name, _ in files]
    right = [
        (result.error is not None) == (content == b"broken")
        and (result.error is not None or len(result.estimates) in (3, 36))
        for result, (_, content) in zip(batch.results, files, strict=True)
    ]
    yield all_of(
        "Photos of a batch, done and in their order", sum(right) * in_order, PHOTOS
    )
    yield Finding("Seconds that the batch took", f"{took:.1f} s")


def _crowds() -> Iterator[Finding]:
    """Photos of far more faces than the cap."""
    estimator = Estimator.load()
    most = caps().faces
    for columns, rows, width in ((4, 3, 458), (12, 9, 300), (30, 38, 240)):
        rgb = crowd(columns, rows, width)
        faces, megapixels = 3 * columns * rows, rgb.shape[0] * rgb.shape[1] / 1e6
        content = encode_png(rgb)
        begun = time.perf_counter()
        result = estimate_photo(estimator, content, "crowd.png")
        took = time.perf_counter() - begun
        what = f"A photo of {faces:,} faces, {megapixels:.0f} MP"
        kept = len(result.estimates) == min(faces, most) and (
            (faces > most) == any("left out" in note for note in result.notes)
        )
        yield Finding(
            f"{what}: faces kept",
            f"{len(result.estimates)}",
            f"{min(faces, most)}",
            kept,
        )
        yield at_most(f"{what}: time", took, MOST_CROWD_S, "s", 1)
