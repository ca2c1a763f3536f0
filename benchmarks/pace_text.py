"""The sections of docs/benchmarks.md on photos, starts and throughput."""

from __future__ import annotations

from typing import Any

from tests.harness.measurement_tables import Columns, spread, table, table_of

WORK_NAMES = {
    "photo": "a photo of 1 MP, one face",
    "aligned": "a cropped face",
    "network": "bare runs of the network for a face",
}
BULK_WHATS = {"photo": "a photo of 0.3 MP, one face", "aligned": "a cropped face"}
BULK_WAYS = {
    "estimator": "the estimator alone, in a loop",
    "estimators_2": "two estimators at once, half of the files each",
    "local_1": "bulk, 1 worker",
    "local_2": "bulk, 2 workers",
    "ray_2": "bulk on Ray, 2 workers",
}


def photos_text(found: dict[str, Any]) -> str:
    """The section on photos, as Markdown."""
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


def start_text(found: dict[str, Any]) -> str:
    """The section on start and memory, as Markdown."""
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


def throughput_text(found: dict[str, Any]) -> str:
    """The section on throughput, as Markdown."""
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


def bulk_pace_text(found: dict[str, Any]) -> str:
    """The section on bulk, as Markdown."""
    columns: Columns = {
        "File": lambda row: BULK_WHATS[row["what"]],
        "Way": lambda row: BULK_WAYS[row["way"]],
        "files a second": lambda row: spread(row["per_second"]),
        "processor time a file, ms": lambda row: spread(row["cpu_ms"]),
        "n": "{per_second[n]}",
    }
    files = found["files"]
    return (
        "`python -m agemodel bulk` from files to Parquet, after its processes have "
        f"started: {files['photo']} photos or {files['aligned']} cropped faces a turn. "
        "Processor time is of all processes; where the machine was busy (see "
        "its load below) only that and the ratios tell anything.\n\n"
        + table_of(found["rows"], columns)
    )


def reading_pace_text(found: dict[str, Any]) -> str:
    """The section on reading training faces, as Markdown."""
    rows = [
        (count, spread(rate), f"{rate['n']}")
        for count, rate in found["faces_per_second"].items()
    ]
    return (
        "Training faces read from disk, cropped and varied by the recipe "
        f"`{found['recipe']}`, without a network.\n\n"
        + table(("Processes", "faces a second", "n"), rows)
    )
