from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest

from agemodel.core.spreadsheets import QUOTING, safe_cell
from agemodel.explorer.table_exports import frame_csv
from tests.harness.naughty_names import FORMULAS

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("agemodel", "ui", "pages")
FOR_VISITORS = {"agemodel/core/spreadsheets.py", "agemodel/explorer/table_exports.py"}
FOR_ITSELF = {
    "agemodel/runs/run_folder.py",  # history.csv, numbers
    "agemodel/dataset/forms.py",  # the official splits, read back
    "agemodel/dataset/labelled_sets.py",  # labels, only to be hashed
}
"""Modules that write CSV, and why they need not mind spreadsheets."""


@pytest.mark.parametrize(
    "text",
    [
        *("=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "\ta", "  =1", "\u00a0=1"),
        *("\u3000+1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20A1", "=", "-"),
    ],
)
def test_text_that_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["a=1", "1-1-1", "70+", "", " a", "'=1", -1, -1.5, None, True]
)
def test_what_is_no_formula_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) is value


def test_an_age_group_is_no_date_in_any_csv() -> None:
    # a spreadsheet reads 3-9 as the third of September, and 10-19 as October 2019
    groups = pd.Series(["0-2", "3-9", "10-19", "70+"], dtype="category")
    content = frame_csv(pd.DataFrame({"age_group": groups})).decode("utf-8-sig")
    assert content.replace('"', "").split() == (
        ["age_group", "0", "to", "2", "3", "to", "9", "10", "to", "19", "70+"]
    )


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_begins_like_a_formula_whatever_parts_the_columns(
    text: str, separator: str
) -> None:
    # A spreadsheet in a country of decimal commas parts at semicolons. A quote is one
    # to it only where a cell begins.
    content = frame_csv(pd.DataFrame({"note": [text], "n": [1]})).decode("utf-8-sig")
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
    cells = [cell for row in rows for cell in row]
    if separator == ",":
        assert cells[2].removeprefix("'") == text.removeprefix("'")
    assert not [cell for cell in cells if safe_cell(cell) != cell]


def test_every_writer_of_csv_is_known() -> None:
    writes = re.compile(r"^(to_csv|writer|DictWriter)$")
    found = set()
    for folder in SHIPPED:
        for path in (ROOT / folder).rglob("*.py"):
            names = {
                node.attr
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.Attribute)
            }
            if any(map(writes.match, names)):
                found.add(path.relative_to(ROOT).as_posix())
    assert found == FOR_VISITORS | FOR_ITSELF


@pytest.mark.parametrize("module", sorted(FOR_VISITORS))
def test_every_writer_for_visitors_makes_its_texts_harmless(module: str) -> None:
    source = (ROOT / module).read_text("utf-8")
    assert re.search(r"safe_cell\(|map\(safe_cell", source)
    assert "quoting=QUOTING" in source
    assert QUOTING == csv.QUOTE_NONNUMERIC


def test_every_csv_that_a_page_offers_comes_from_a_writer_for_visitors() -> None:
    # a button is one of `show_download` or `show_files`; these make its file
    makers = {"results_csv", "selection_csv", "frame_csv", "tables_zip", "csv_of"}
    offers = [
        path
        for path in (ROOT / "ui").rglob("*.py")
        if re.search(r"show_(download|files)\(", source := path.read_text("utf-8"))
        and re.search(r"\w\.csv\b|\(\.zip of CSV", source)
    ]
    assert len(offers) == 5  # estimates, faces, marks, tables of a run, a folder
    for path in offers:
        assert makers & set(re.findall(r"\w+", path.read_text("utf-8"))), path
