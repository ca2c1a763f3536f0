"""Markdown tables, numbers in them, and the line that says where they come from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Columns = Mapping[str, str | Callable[[dict[str, Any]], str]]
"""By its heading, the format of a column's cells, or what makes them of a row."""


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


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> str:
    """A Markdown table; the first `words` columns are words, the others numbers."""
    ruler = [*["---"] * words, *["---:"] * (len(head) - words)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows)) + "\n"


def table_of(
    rows: Sequence[dict[str, Any]], columns: Columns, *, words: int = 1
) -> str:
    """A Markdown table of rows by their names."""
    cells = [
        [m.format_map(row) if isinstance(m, str) else m(row) for m in columns.values()]
        for row in rows
    ]
    return table(list(columns), cells, words=words)


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


def percent(share: float) -> str:
    """A share in percent, in tenths."""
    return f"{share:.1%}"


def limits_table(limits: Sequence[dict[str, Any]]) -> str:
    """What was to be kept to, and whether it was; `limits.at_most` makes them."""
    columns: Columns = {
        "Limit": "{what}",
        "wanted": "{side} {limit:,g}",
        "measured": lambda one: number(one["measured"]) if one["measured"] else "0",
        "kept": lambda one: "yes" if one["kept"] else "**no**",
    }
    return table_of(limits, columns)
