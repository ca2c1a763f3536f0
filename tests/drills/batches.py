"""Batches: malformed archives, the caps, and names that are more than names."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from agemodel.core import paths
from agemodel.core.caps import caps
from agemodel.core.errors import AgeModelError
from agemodel.core.file_names import shown_name
from agemodel.images import encode_jpeg, encode_png
from agemodel.serving import Batch, Estimator, estimate_photo
from agemodel.serving.uploads import Upload, find_photos
from tests.harness import made_archives as made
from tests.harness.driver import run_chromium, run_server, visit, watched_page
from tests.harness.findings import Finding, all_of, at_most, none_of
from tests.harness.made_archives import MB, archive_of, deflated, stored, zip_of
from tests.harness.names_shown import faceless_png
from tests.harness.naughty_names import naughty_names

PROMISE = """
Photos, bytes, pixels and faces have caps, which the environment can change and which a
sentence names. Archives are read in memory with a count of every byte: nothing of them
is written, linked, unlocked or unpacked twice. Names are shown as they are, and no cell
of a CSV is a formula. Of 300 photos none is lost.
"""

NAMES = (
    *("*a* _b_ **c** `d`.png", "# a.png", ":red[a] :material/home: :smile:.png"),
    *("$x^2$ $$y$$.png", "[a](http:b) www.example.org.png", "<b>a</b> &amp;.png"),
    *("<img src=x onerror=alert(1)>.png", "<script>alert(1)<script>.png", "=1+1.png"),
    *("a  b;c,d.png", "{{7*7}} ${7*7} %s.png", "Zoë 北京 עברית 👩\u200d👩\u200d👧.png"),
    *("a\u202egpj.png", "a\u200bb.png", "-- -> (c) ~~a~~.png", "null"),
)
"""None has a character that a browser rewrites when it sends it: quotes, line breaks,
slashes."""

PHOTOS = 300
MOST_ANSWER_S = 2.0
MOST_MEMORY_MB = 400
MOST_CROWD_S = 20.0
MOST_CLEAR_S = 5.0
BOMB_BYTES = 100 * MB
_UPLOADER = "stFileUploaderDropzoneInput"


def run() -> tuple[list[Finding], list[str]]:
    """Try archives, a large batch, crowds and names.

    Raises:
        Missing: there is no Chromium.
    """
    findings = [*_archives(), *_large_batch(), *_crowds()]
    with (
        TemporaryDirectory() as home,
        run_server(Path(home)) as server,
        run_chromium() as browser,
    ):
        findings += _names(browser, server.url)
        findings += _clear_in_the_middle(browser, server.url)
    return findings, [
        f"That each cap is met by a sentence, and that {len(naughty_names())} naughty "
        "names stand as they are on the page, in CSV and in JSON, are tests "
        "(tests/serving, tests/pages)."
    ]


# ---------------------------------------------------------------- archives


def malformed_archives() -> dict[str, bytes]:
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
    made_archives = malformed_archives()
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


def crowd(columns: int, rows: int, width_px: int) -> np.ndarray:
    """Three faces, side by side and one below the other.

    Args:
        columns: copies side by side.
        rows: copies one below the other.
        width_px: of one copy, of which a face takes about an eighth.

    Returns:
        Shape (h, w, 3), uint8.
    """
    with Image.open(paths.SAMPLES / "three-portraits.jpg") as photo:
        height_px = round(width_px * photo.height / photo.width)
        tile = np.asarray(photo.convert("RGB").resize((width_px, height_px)))
    return np.tile(tile, (rows, columns, 1))


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


# ---------------------------------------------------------------- in a browser


def _names(browser: Browser, url: str) -> Iterator[Finding]:
    shown = raw = 0
    dialogs: list[str] = []
    for start in range(0, len(NAMES), 4):  # as many as a page of the app shows
        names = NAMES[start : start + 4]
        with watched_page(browser) as page:
            page.on("dialog", lambda dialog: dialogs.append(dialog.message))
            visit(page, url)
            page.get_by_test_id(_UPLOADER).set_input_files(list(map(_file, names)))
            expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=60_000)
            shown += sum(is_shown(page, name) for name in names)
            raw += count_raw_exports(page)
    yield all_of("Names in a browser, to the letter", shown, len(NAMES))
    yield none_of("Names in a browser that ran as a script", len(dialogs), len(NAMES))
    yield none_of("Tables that give their cells raw as CSV", raw, len(NAMES) // 4)


def is_shown(page: Page, name: str) -> bool:
    """Whether a name stands under its photo, with nothing made of it."""
    texts = page.get_by_test_id("stText")
    line = f"{shown_name(name)} (320 by 160 px)"
    for text in texts.all():
        if text.text_content() == line:
            return not text.locator("a, em, strong, code, b, img, .katex").count()
    return False


def count_raw_exports(page: Page) -> int:
    """How many tables have a button that saves them as they are."""
    page.get_by_test_id("stDataFrame").first.hover()
    return page.get_by_role("button", name="Download as CSV").count()


def _file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": faceless_png()}


def _clear_in_the_middle(browser: Browser, url: str) -> Iterator[Finding]:
    photo = (paths.SAMPLES / "three-portraits.jpg").read_bytes()
    photos = ((f"{n}.jpg", photo + bytes([n % 256, n // 256])) for n in range(PHOTOS))
    archive = zip_of(*photos, method=0)
    with watched_page(browser) as page:
        visit(page, url)
        page.get_by_test_id(_UPLOADER).set_input_files(
            {"name": "t.zip", "mimeType": "application/zip", "buffer": archive}
        )
        looking = page.get_by_text(re.compile(r"^Looking at photo \d+ of 300"))
        expect(looking).to_have_text(re.compile(r"photo [1-9]\d "), timeout=60_000)
        begun = time.perf_counter()
        page.get_by_role("button", name="Clear all").click()
        expect(page.get_by_text("No photo at hand?")).to_be_visible()
        took = time.perf_counter() - begun
        expect(looking).to_have_count(0)
    yield at_most(
        "From 'Clear all' in a batch to an empty page", took, MOST_CLEAR_S, "s", 1
    )
