"""The sections of docs/benchmarks.md on the pages of the app."""

from __future__ import annotations

from typing import Any

from tests.harness.measurement_tables import number, spread, table

VISITED = {
    "dataset": "Dataset",
    "evaluation": "Evaluation",
    "training": "Training",
    "one_chart": "one chart, nothing else",
    "empty": "empty",
}
VISITS = {"first": "the first one after the server's start", "later": "a later one"}
STATES = ("usable", "whole")
EVALUATION_ACTS = {
    "split": "overview: another split",
    "confusion_split": "confusion: another split",
    "bands": "confusion: other age bands",
}
DATASET_ACTS = {
    "filter_gender": "charts: a gender",
    "filter_race": "charts: a race",
    "filter_age": "charts: the age slider, a step",
    "filter_bar": "charts: a click on a bar",
    "filter_reset": "charts: all filters off",
    "map_filter": "map: a gender",
    "gallery": "faces: the next page of 60 pictures",
}


def page_text(found: dict[str, Any]) -> str:
    """The section on the Estimate page, as Markdown."""
    rows = [
        (
            label,
            *(spread(found[f"{name}_{visit}_s"]) for name in ("app", "empty")),
            number(found[f"{visit}_longer_s"], 2),
            f"{found[f'app_{visit}_s']['n']}",
        )
        for visit, label in (
            ("first", "the first one after the server's start"),
            ("later", "by a later visitor with an empty cache"),
        )
    ]
    head = ("Visit", "Estimate page, s", "empty app, s", "longer by, s", "n")
    upload = found["upload_s"]
    return (
        f"In headless Chromium {found['chromium']}, from the navigation until the "
        "heading and the uploader are seen; beside it an empty Streamlit app, its "
        f"heading alone.\n\n{table(head, rows)}\n"
        "From handing a portrait of 1 MP to the uploader until its age is on the page: "
        f"{spread(upload)} s, n = {upload['n']}.\n"
    )


def visits_text(found: dict[str, Any]) -> str:
    """The section on first views, as Markdown."""
    rows = [
        (
            label,
            VISITS[visit],
            *(_seconds(found, f"{page}_{visit}_{state}") for state in STATES),
            _longer(found, f"{page}_{visit}"),
            f"{found[f'{page}_{visit}_usable_s']['n']}",
        )
        for page, label in VISITED.items()
        for visit in VISITS
    ]
    head = ("Page", "Visit", "can be used, s", "first screen whole, s", "longer by, s")
    return (
        f"In headless Chromium {found['chromium']}, 1440 by 900 px, nothing in its "
        "cache: from the navigation until a page's heading and what one chooses with "
        "are there, and until its first screen is: on the Dataset and Training pages "
        "with their first chart, on the Evaluation page with its measures. Beside them "
        "an empty Streamlit app, and one with a heading and one small chart: the "
        "library that draws charts takes most of the time.\n\n"
        f"{table((*head, 'n'), rows, words=2)}"
    )


def _seconds(found: dict[str, Any], key: str) -> str:
    return spread(found[f"{key}_s"]) if f"{key}_s" in found else ""


def _longer(found: dict[str, Any], key: str) -> str:
    longer = found.get(f"{key}_whole_longer_s")
    return "" if longer is None else number(longer, 2)


def evaluation_page_text(found: dict[str, Any]) -> str:
    """The section on the Evaluation page, as Markdown."""
    acts = [
        (label, spread(found[f"{key}_s"]), f"{found[f'{key}_s']['n']}")
        for key, label in EVALUATION_ACTS.items()
    ]
    return (
        f"In headless Chromium {found['chromium']}, from a click to the last change "
        f"that it makes on the page:\n\n{table(('What', 'Median, s', 'n'), acts)}"
    )


def dataset_page_text(found: dict[str, Any]) -> str:
    """The section on the Dataset page, as Markdown."""
    acts = [
        (label, spread(found[f"{key}_s"]), f"{found[f'{key}_s']['n']}")
        for key, label in DATASET_ACTS.items()
        if f"{key}_s" in found
    ]
    million = found["million"]
    made = [
        ("filter and counts, without a page, s", spread(million["pure_s"])),
        ("charts: a gender, to the repainted page, s", spread(million["filter_s"])),
        ("map: a gender, to the repainted page, s", spread(million["map_filter_s"])),
        ("the server's memory at its most, MiB", number(million["peak_mib"])),
    ]
    return (
        f"In headless Chromium {found['chromium']}, from a click or key press to the "
        "last change that it makes on the page, pictures loaded:\n\n"
        f"{table(('What', 'Median, s', 'n'), acts)}\n"
        f"With a made-up table of {million['n']:,} faces:\n\n"
        f"{table(('What', 'Median'), made)}"
    )
