"""CSV whose cells a spreadsheet does not take for formulas or dates.

Spreadsheets run any text that begins like a formula, also after white space and in the
wide characters of East Asian keyboards. Where the decimal mark is a comma they split
columns at semicolons; so every text is quoted, and none of it can begin a cell. They
read an age group such as 3-9 as the third of September, quoted or not.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO, TextIOWrapper
from typing import BinaryIO, Final

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


def csv_of(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """The content of a CSV file with these rows: see `write_csv`."""
    content = BytesIO()
    write_csv(content, columns, rows)
    return content.getvalue()


def write_csv(
    file: BinaryIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> None:
    """Write rows as CSV: UTF-8 with a byte order mark, which spreadsheets need.

    Args:
        file: stays open.
        columns: their names; what a row lacks is an empty cell.
        rows: read one after the other.
    """
    text = TextIOWrapper(file, "utf-8-sig", newline="")
    writer = csv.writer(text, quoting=QUOTING)
    try:
        writer.writerow(columns)
        for row in rows:
            writer.writerow([safe_cell(row.get(column)) for column in columns])
    finally:
        text.detach()
