"""CSV cells that a spreadsheet does not take for formulas or dates.

Spreadsheets run any text that begins like a formula, also after white space and in the
wide characters of East Asian keyboards. Where the decimal mark is a comma they split
columns at semicolons; so every text is quoted, and none of it can begin a cell. They
read an age group such as 3-9 as the third of September, quoted or not.
"""

from __future__ import annotations

import csv
import re
from typing import Final

QUOTING: Final = csv.QUOTE_NONNUMERIC
"""The quoting of every CSV: texts in quotes, numbers without."""

_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_CONTROLS = ("\t", "\r", "\n")
_RANGE = re.compile(r"(\d{1,3})-(\d{1,3})")


def safe_cell(value: object) -> object:
    """A value for a cell.

    A text that looks like a formula gets a ' in front; a range such as 3-9 becomes
    '3 to 9'.
    """
    if not isinstance(value, str):
        return value
    if value.startswith(_CONTROLS) or value.lstrip().startswith(_FORMULA_STARTS):
        return f"'{value}"
    if ends := _RANGE.fullmatch(value):
        return " to ".join(ends.groups())
    return value
