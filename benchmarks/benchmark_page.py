"""docs/benchmarks.md, made from results.json and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agemodel.core import paths
from benchmarks.accuracy_text import field_text, peer_text
from benchmarks.finding_text import finding_text
from benchmarks.footage_text import (
    filmed_text,
    footage_clips_text,
    live_camera_text,
    store_shares_text,
)
from benchmarks.pace_text import (
    bulk_pace_text,
    photos_text,
    reading_pace_text,
    start_text,
    throughput_text,
)
from benchmarks.page_text import (
    dataset_page_text,
    evaluation_page_text,
    page_text,
    visits_text,
)
from tests.harness.measurement_tables import limits_table, machine_line

PAGE = paths.ROOT / "docs" / "benchmarks.md"

SECTIONS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "field": ("Accuracy beside the field", field_text),
    "peer": ("Beside a package that one could install instead", peer_text),
    "photos": ("Photos", photos_text),
    "finding": ("Finding faces", finding_text),
    "start": ("Start and memory", start_text),
    "throughput": ("Throughput", throughput_text),
    "bulk_pace": ("Bulk", bulk_pace_text),
    "reading_pace": ("Reading training faces", reading_pace_text),
    "page": ("Page", page_text),
    "visits": ("First views", visits_text),
    "dataset_page": ("Dataset page", dataset_page_text),
    "evaluation_page": ("Evaluation page", evaluation_page_text),
    "store_shares": ("Shares of a store's visitors", store_shares_text),
    "footage_clips": ("Footage", footage_clips_text),
    "filmed_footage": ("Footage of known people", filmed_text),
    "live_camera": ("Live camera", live_camera_text),
}
"""Modules of this folder, each with a `run`: their headings, and what writes them."""

HEAD = """\
# Benchmarks

Made by `make bench` from `benchmarks/results.json`; not to be edited by hand. Times are
medians of n, with the first and third quartile in brackets. `make bench ARGS=page`
renews one section.
"""


def render(results: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for name, (title, text) in SECTIONS.items():
        if name in results:
            found = results[name]["found"]
            parts.append(f"## {title}\n\n{text(found)}")
            parts.append(limits_table(found["limits"]))
            parts.append(machine_line(results[name]["machine"]))
    return "\n".join(parts)
