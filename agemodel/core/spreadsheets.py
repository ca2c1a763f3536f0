"""CSV cells that a spreadsheet does not take for formulas.

Spreadsheets run any text that begins like a formula, also after white space and in the
wide characters of East Asian keyboards. Where the decimal mark is a comma they split
columns at semicolons; so every text is quoted, and none of it can begin a cell.
"""

from __future__ import annotations

import csv
from typing import Final

QUOTING: Final = csv.QUOTE_NONNUMERIC
"""The quoting of every CSV: texts in quotes, numbers without."""

_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_CONTROLS = ("\t", "\r", "\n")


def safe_cell(value: object) -> object:
    """A value for a cell, with a ' before a text that looks like a formula."""
    if isinstance(value, str) and (
        value.startswith(_CONTROLS) or value.lstrip().startswith(_FORMULA_STARTS)
    ):
        return f"'{value}"
    return value
