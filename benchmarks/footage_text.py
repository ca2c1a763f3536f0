"""The sections of docs/benchmarks.md on footage and the live camera."""

from __future__ import annotations

from typing import Any

from tests.harness.measurement_tables import (
    Columns,
    number,
    percent,
    spread,
    table,
    table_of,
)

SHARE_ERRORS = {
    "likely_error": "most likely",
    "mean_error": "mean probabilities",
    "error": "stated",
}
LIVE_CASES = {
    "one": "one face",
    "three": "three faces",
    "two": "one face, on two pages at once: the slower one",
}


def store_shares_text(found: dict[str, Any]) -> str:
    """The section on shares of a store's visitors, as Markdown."""
    rows = [
        (
            row["mix"],
            name,
            f"{row['size']:,}",
            *(f"{100 * part[key]:.1f}" for key in SHARE_ERRORS),
            percent(part["held"]),
            f"{100 * part['width']:.1f}",
        )
        for row in found["rows"]
        for name, part in sorted(row["parts"].items())
        if row["mix"] == "all of them" or name in ("four bands", "genders")
    ]
    head = ("Store", "Shares of", "visitors", *SHARE_ERRORS.values(), "held", "width")
    return (
        f"{found['stores']} simulated stores of each mix and size, their visitors "
        f"drawn from the {found['faces']:,} test faces, one look each; the mixes are "
        "none of those that the calibration was chosen on. Errors are mean absolute "
        "ones of a share, in points: of counting the most likely group, of the mean "
        "probabilities, and of the estimate that `footage` states, which corrects "
        "them for the mix of the training's faces. 'Held' are the shares inside their "
        "95 % intervals, whose mean width is in points.\n\n"
        f"{table(head, rows, words=2)}"
    )


def footage_clips_text(found: dict[str, Any]) -> str:
    """The section on footage, as Markdown."""
    sizes = {
        "Picture": "{size}",
        "seconds": "{seconds}",
        "looks": "{looks:,}",
        "processor seconds": "{cpu_s:.2f}",
        "times real time": "{times:.1f}",
    }
    visits = found["visits"]
    low, high = visits["held_95"]
    return (
        f"Ages: {visits['faces']:,} of UTKFace's test faces, each in {visits['looks']} "
        "made pictures, of other places, sizes (a face of some 55 to 130 px), light "
        f"and compression. {visits['visits']:,} have a good look. The mean absolute "
        f"error of the visits is {visits['mae_years']:.2f} years, that of their first "
        f"good look {visits['look_mae_years']:.2f}; the 80 % interval of the visits "
        f"holds {percent(visits['held'])} (95 %: {percent(low)} to {percent(high)}), "
        f"that of the first look {percent(visits['look_held'])}.\n\n"
        "Speed, with three faces in every look; the time of one core, decoding "
        "included, of a clip in MPEG-4 (OpenCV writes no H.264):\n\n"
        f"{table_of(found['speed'], sizes)}"
    )


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


def live_camera_text(found: dict[str, Any]) -> str:
    """The section on the live camera, as Markdown."""
    rows = [{"case": LIVE_CASES[case], **row} for case, row in found["rows"].items()]
    columns: Columns = {
        "Camera shows": "{case}",
        "answers a second": "{per_second:.1f}",
        "round trip, ms": lambda row: spread(row["round_trip_ms"]),
        "95th percentile, ms": "{p95_ms:.0f}",
        "to the first age, s": lambda row: number(row["first_age_s"], 2),
        "n": "{round_trip_ms[n]}",
    }
    return (
        f"In headless Chromium {found['chromium']} on the same machine, whose camera "
        "shows a clip of 640 x 480 px: from sending a frame to its answer. The page "
        "sends the next frame 90 ms after the last one at the soonest. The first age "
        f"is counted from the first answer.\n\n{table_of(rows, columns)}"
    )
