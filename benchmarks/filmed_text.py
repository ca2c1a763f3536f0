"""The section of docs/benchmarks.md on footage of known people."""

from __future__ import annotations

from typing import Any

from tests.harness.measurement_tables import Columns, table_of


def filmed_text(found: dict[str, Any]) -> str:
    """The section as Markdown."""
    rows = [
        row
        for own in found["rows"]
        for row in ({"follower": "ours", **own}, *found.get("others", ()))
        if row["people"] == own["people"]
    ]
    columns: Columns = {
        "People": "{people}",
        "follower": "{follower}",
        "visits": "{visits:,}",
        "counted": "{counted:,}",
        "count error": "{count_error:+.1%}",
        "IDF1": "{idf1:.3f}",
    }
    scenes = " and ".join(
        f"{row['scenes']} with {row['people']}" for row in found["rows"]
    )
    return (
        f"Scenes of {found['seconds']:.0f} seconds, {scenes}, drawn into video and "
        "looked at three times a second: faces of 30 to 200 px cross, pause, turn "
        "away, pass behind a pillar and behind each other, leave and return, in "
        "changing light, at 5 to 30 frames a second, some at a variable rate, half of "
        "them compressed twice. Each face of UTKFace is taken for a person. The seeds "
        "are held out: nothing was chosen on them. A visit is a stay with three looks "
        "in which less than half of the face is covered; in IDF1 a face that is "
        "partly covered or turning is neither right nor wrong. The count error is of "
        "all scenes together, the IDF1 the mean of the scenes. They are drawn scenes: "
        "real people turn and change more.\n\n"
        f"{_others_words(found)}{table_of(rows, columns, words=2)}"
    )


def _others_words(found: dict[str, Any]) -> str:
    if "others" not in found:
        return ""
    return (
        f"Beside it the best by IDF1 of {found['others_tried']} settings of the "
        f"followers of `trackers` {found['others_version']} (Apache-2.0), chosen on "
        "these very looks. They follow boxes alone; ours also uses likeness.\n\n"
    )
