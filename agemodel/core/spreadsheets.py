"""What spreadsheets do to a CSV that a visitor takes away.

A text that begins like a formula is one to them, also behind white space and in the
wide characters of East Asian keyboards. Where numbers have a decimal comma they part
columns at semicolons, so every text stands in quotes: nothing inside it begins a cell.
"""

from __future__ import annotations

import csv
from typing import Final

QUOTING: Final = csv.QUOTE_NONNUMERIC
"""Of every CSV: texts in quotes, numbers without."""

_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_CONTROLS = ("\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """A value as it is; a text that would be taken for a formula gets a ' in front."""
    if isinstance(value, str) and (
        value.startswith(_CONTROLS) or value.lstrip().startswith(_FORMULA_STARTS)
    ):
        return f"'{value}"
    return value
