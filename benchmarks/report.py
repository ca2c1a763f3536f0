"""docs/benchmarks.md, made from results.json and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from agemodel import paths
from agemodel.runs import write_whole

PAGE = paths.ROOT / "docs" / "benchmarks.md"
SECTIONS = ("estimator", "page", "framing")

HEAD = """\
# Benchmarks

Made by `make bench` from `benchmarks/results.json`; not to be edited by hand. Times are
medians of n, with the first and third quartile in brackets. `make bench ARGS=page`
renews one section.
"""
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
    renderers = {"estimator": _estimator, "page": _page, "framing": _framing}
    parts = [HEAD]
    for name in SECTIONS:
        if name in results:
            parts.append(renderers[name](results[name]["found"]))
            parts.append(machine_line(results[name]["machine"]))
    return "\n".join(parts)


def machine_line(machine: dict[str, Any]) -> str:
    """Where, when and with what a section was measured."""
    model = machine["model"]
    packages = ", ".join(f"{name} {v}" for name, v in machine["packages"].items())
    return (
        f"Measured on {machine['date'][:10]}, commit {machine['commit']}: "
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, load "
        f"{machine['load_before']:.2f} before; Python {machine['python']}, {packages}; "
        f"model {model['name']} of run {model['run']}, {model['bytes'] / 1e6:.1f} MB, "
        f"SHA-256 {model['sha256'][:12]}.\n"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows)) + "\n"


def spread(summary: dict[str, float], scale: float = 1.0, digits: int = 3) -> str:
    """`median (first quartile to third)`, in as many significant digits."""
    low, middle, high = (
        number(summary[key] * scale, digits) for key in ("q25", "median", "q75")
    )
    return f"{middle} ({low} to {high})"


def number(value: float, digits: int = 3) -> str:
    """A value with so many significant digits, never as a power of ten."""
    rounded = float(f"{value:.{digits}g}")  # 9.996 is 10.0, not 10.00
    magnitude = math.floor(math.log10(abs(rounded))) if rounded else 0
    return f"{rounded:,.{max(0, digits - 1 - magnitude)}f}"


def _estimator(found: dict[str, Any]) -> str:
    return "\n".join(
        [
            "## Estimator\n",
            _start(found["start"]),
            _photos(found["photos"]),
            _aligned(found["aligned"]),
            _throughput(found["throughput"]),
        ]
    )


def _start(found: dict[str, Any]) -> str:
    labels = {
        "import_ms": "import of `agemodel.estimator`, ms",
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


def _photos(found: list[dict[str, Any]]) -> str:
    columns = ("whole_ms", "decode_ms", "detection_ms", "faces_ms")
    rows = [
        (
            f"{photo['megapixels']} MP, {photo['faces']} "
            f"face{'s' * (photo['faces'] != 1)}",
            f"{photo['found']}",
            f"{photo['jpeg_bytes'] / 1e6:.1f}",
            *(spread(photo[column]) for column in columns),
            f"{photo['whole_ms']['n']}",
        )
        for photo in found
    ]
    head = (
        *("Photo", "found", "JPEG, MB", "total, ms", "decoding, ms"),
        *("detection, ms", "crops and network, ms", "n"),
    )
    return "A photo, from a JPEG's bytes to its estimates.\n\n" + table(head, rows)


def _aligned(found: dict[str, Any]) -> str:
    rows = [
        ("`estimate_aligned`, ms", spread(found["estimate_ms"])),
        ("bare runs of the network, ms", spread(found["invoke_ms"])),
        ("added, ms a face", f"{found['added_ms']:.2f}"),
        ("ratio", f"{found['ratio']:.2f}"),
    ]
    return (
        f"What the estimator adds to its network: cropped faces of {found['chip_px']} "
        f"px, {found['invokes']} run{'s' * (found['invokes'] != 1)} a face, "
        f"n = {found['estimate_ms']['n']}.\n\n"
        + table(("Aligned face", "Median"), rows)
    )


def _throughput(found: list[dict[str, Any]]) -> str:
    names = {"photo": "a photo of 1 MP, one face", "aligned": "a cropped face"}
    rows = [
        (names[row["what"]], f"{row['workers']}", spread(row["per_second"]))
        for row in found
    ]
    return "Estimates a second, decoding not counted.\n\n" + table(
        ("What", "workers", "per second"), rows
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
        f"## Page\n\nIn headless Chromium {found['chromium']}, from the navigation "
        "until the heading and the uploader are seen; beside it an empty Streamlit "
        "app, its heading alone. The page may take at most "
        f"{found['longer_target_s']} s longer.\n\n{table(head, rows)}\n"
        "From handing a portrait of 1 MP to the uploader until its age is on the page: "
        f"{spread(upload)} s, n = {upload['n']}; at most {found['upload_target_s']} s "
        "are wanted.\n"
    )


def _framing(found: dict[str, Any]) -> str:
    rows = [
        (
            FRAMING_NAMES[row["framing"]],
            f"{row['mae_years']:.2f} ({row['mae_years_95'][0]:.2f} to "
            f"{row['mae_years_95'][1]:.2f})",
            f"{row['cs5']:.1%}",
            f"{row['gender_accuracy']:.1%}",
        )
        for row in found["framings"]
    ]
    head = ("Framing", "MAE, years (95 %)", "CS@5", "gender accuracy")
    return (
        f"## Framing\n\nThe shipped model on {found['chips']:,} chips, every third of "
        "CORAL's test split of UTKFace, each framed in several ways. In "
        f"{found['not_found']} no face was found; they stay as they are in every "
        f"framing.\n\n{table(head, rows)}"
    )
