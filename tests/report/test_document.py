"""The report of a run: what it says, and that it stands by itself."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from agemodel import __version__
from agemodel.analysis.predicted_faces import (
    SPLIT_WORDS,
    Slice,
    in_slice,
    read_predicted,
)
from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.report import report_html, write_report
from agemodel.report.document import Block, Chart, Note, Section, Table, page_html
from agemodel.report.report_tables import evaluation_tables, tables_zip
from agemodel.runs.run_folder import Run

SHIPPED = paths.SHIPPED_RUNS / "mobile-3"
HOSTILE = "<script>alert(1)<img src=x onerror=alert(2)>"
NEEDED = (
    *("config.json", "environment.json", "status.json", "history.csv"),
    *("metrics.json", "calibration.json", "predictions.parquet"),
)


class Reader(HTMLParser):
    """What a browser would see: elements, tables as rows of texts, chart records."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.records: list[Any] = []
        self.text = ""
        self._open: list[str] = []
        self._is_record = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        self._is_record = dict(attrs).get("type") == "application/json"
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"td", "th"}:
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in {"td", "th"}:
            self.tables[-1][-1][-1] += data
        if inside == "script":
            if self._is_record:
                self.records.append(json.loads(data))
        elif inside != "style":
            self.text += data


@pytest.fixture(scope="module")
def html() -> str:
    return report_html(Run(SHIPPED))


@pytest.fixture(scope="module")
def report(html: str) -> Reader:
    return Reader(html)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a run whose texts are all scripts."""
    folder = tmp_path_factory.mktemp("runs") / HOSTILE
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(SHIPPED / name, folder / name)
    run = Run(folder)
    environment = run.read_json("environment.json")
    environment |= dict.fromkeys(
        ("machine", "commit", "started"), f"</script>{HOSTILE}"
    )
    environment["packages"] = {HOSTILE: HOSTILE}
    run.write_json("environment.json", environment)
    return report_html(run)


def plain_test_rows() -> list[Any]:
    predictions = Run(SHIPPED).read_predictions()
    return [row for row in predictions.itertuples() if row.split == "test"]


def test_nothing_is_asked_for_from_anywhere(html: str, report: Reader) -> None:
    for tag, attributes in report.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    style = re.search(r"<style>(.*?)</style>", html, re.S)
    assert style and "url(" not in style[1] and "@import" not in style[1]


def test_links_lead_to_sections_that_are_there(report: Reader) -> None:
    links = {a["href"] for tag, a in report.elements if tag == "a"}
    anchors = {f"#{a['id']}" for tag, a in report.elements if tag == "section"}
    assert links == anchors
    assert {"#recipe", "#headline", "#groups", "#versions"} <= anchors


def test_plotly_is_in_it_once_and_every_chart_has_a_record(
    html: str, report: Reader
) -> None:
    charts = [a for tag, a in report.elements if a.get("class") == "chart"]
    assert len(charts) == len(report.records) > 10
    assert html.count("plotly.js v") == 1
    assert len(html) < 8_000_000
    for record in report.records:
        assert record["data"]
        assert "template" not in record["layout"]


def test_charts_say_what_they_show(report: Reader) -> None:
    plots = [a for tag, a in report.elements if a.get("class") == "plot"]
    assert all(a["role"] == "img" and a["aria-label"] for a in plots)


def test_headline_is_that_of_the_metrics(report: Reader) -> None:
    metrics = Run(SHIPPED).read_json("metrics.json")["splits"]
    rows = next(rows for rows in report.tables if rows[0][0] == "Measure")
    found = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    for name, shown in SPLIT_WORDS.items():
        part = metrics[name]
        low, high = part["mae_years_95"]
        assert found["n"][shown] == f"{part['n']:,}"
        assert found["MAE (years)"][shown] == (
            f"{part['mae_years']:.2f} ({low:.2f} to {high:.2f})"
        )
        assert found["Within 5 years (%)"][shown].startswith(
            f"{100 * part['cs5']:.1f} ("
        )
        assert found["Bias (years)"][shown].startswith(f"{part['bias_years']:+.2f} (")
        low, high = part["gender_accuracy_95"]
        assert found["Gender (%)"][shown] == (
            f"{100 * part['gender_accuracy']:.1f} ({100 * low:.1f} to {100 * high:.1f})"
        )


def test_groups_are_what_a_loop_over_the_predictions_finds(report: Reader) -> None:
    rows = plain_test_rows()
    tables = [rows for rows in report.tables if rows[0][0] == "Group"]
    found = {row[0]: row for rows in tables for row in rows[1:]}
    assert len(found) == 2 + 5 + 9
    women = [row for row in rows if row.gender == 1]
    mae = sum(abs(row.age_years - row.age) for row in women) / len(women)
    right = sum(row.p_female >= 0.5 for row in women) / len(women)
    assert found["female"][1] == f"{len(women):,}"
    assert found["female"][2].startswith(f"{mae:.2f} (")
    assert found["female"][4].startswith(f"{100 * right:.1f} (")
    for rows in tables:
        total = sum(int(row[1].replace(",", "")) for row in rows[1:])
        assert total == len(plain_test_rows())


def test_confusions_are_what_a_loop_counts_and_add_up_to_the_faces(
    report: Reader,
) -> None:
    rows = plain_test_rows()
    genders, ages, *bands = (rows for rows in report.tables if rows[0][0] == "Labelled")
    men_as_women = sum(row.gender == 0 and row.p_female >= 0.5 for row in rows)
    assert genders[0][2:] == ["estimated male", "estimated female"]
    assert genders[1][3].startswith(f"{men_as_women} (")
    old_as_younger = sum(row.age >= 70 and row.age_group == 7 for row in rows)
    assert ages[9][0] == "70+" and ages[0][9] == "estimated 60-69"
    assert ages[9][9].startswith(f"{old_as_younger} (")
    assert len(bands) == 2
    for found in (genders, ages, *bands):
        cells = [cell for row in found[1:] for cell in row[2:]]
        cells = [int(cell.split()[0].replace(",", "")) for cell in cells]
        assert sum(cells) == len(rows)


def test_other_systems_stand_beside_the_run(report: Reader) -> None:
    table = next(rows for rows in report.tables if rows[0][0] == "System")
    kinds = [row[1] for row in table[1:]]
    assert kinds[:2] == ["this run", "no model"] and "published" in kinds
    rows = plain_test_rows()
    mae = sum(abs(row.age_years - row.age) for row in rows) / len(rows)
    assert table[0][3] == "MAE (years)" and table[1][3].startswith(f"{mae:.2f} (")
    # A guess errs by more than twice as much.
    assert float(table[2][3].split()[0]) > 2 * mae


def test_it_says_when_of_what_and_with_which_versions(report: Reader) -> None:
    config = Run(SHIPPED).read_config()
    assert re.search(r"Written on \d{4}-\d\d-\d\d at \d\d:\d\d UTC", report.text)
    assert f"agemodel {__version__}" in report.text
    assert f"{config.epochs} epochs, {config.batch_size} faces a step" in report.text
    assert "non-commercial research only" in report.text
    assert "it says nothing of identity" in " ".join(report.text.split())
    assert np.__version__ in report.text


def test_checksums_are_those_that_ship(report: Reader) -> None:
    manifest = json.loads((SHIPPED / "manifest.json").read_text("utf-8"))["files"]
    rows = next(rows for rows in report.tables if "SHA-256" in rows[0])
    found = {row[0]: row[2] for row in rows[1:]}
    assert found
    assert all(manifest[name]["sha256"] == sha256 for name, sha256 in found.items())


def test_scripts_in_names_stay_text(hostile: str) -> None:
    report = Reader(hostile)
    assert HOSTILE in report.text
    assert not [tag for tag, a in report.elements if tag == "img" or "onerror" in a]
    scripts = [a for tag, a in report.elements if tag == "script"]
    # The charts' records, Plotly and the page's own.
    assert len(scripts) == len(report.records) + 2
    assert "<script>alert" not in hostile


def test_a_run_that_was_not_evaluated_has_no_report(tmp_path: Path) -> None:
    for name in ("config.json", "status.json"):
        shutil.copy(SHIPPED / name, tmp_path / name)
    with pytest.raises(RunError, match="python -m agemodel evaluate"):
        write_report(Run(tmp_path), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


@pytest.fixture
def short_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agemodel.report.report_html", lambda run: "<html>")


@pytest.mark.usefixtures("short_report")
def test_a_report_makes_the_folders_that_it_needs(tmp_path: Path) -> None:
    write_report(Run(SHIPPED), tmp_path / "a" / "b" / "report.html")
    assert (tmp_path / "a" / "b" / "report.html").read_text() == "<html>"


@pytest.mark.usefixtures("short_report")
def test_a_report_is_not_written_onto_a_folder_or_below_a_file(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=rf"is a folder: .*/{SHIPPED.name}\.html\.$"):
        write_report(Run(SHIPPED), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"report of run .* cannot be written.*--out"):
        write_report(Run(SHIPPED), tmp_path / "file" / "report.html")


def test_files_of_another_version_are_an_error_that_says_what_to_do(
    tmp_path: Path,
) -> None:
    for name in NEEDED:
        shutil.copy(SHIPPED / name, tmp_path / name)
    (tmp_path / "metrics.json").write_text('{"splits": {}}', "utf-8")
    with pytest.raises(RunError, match=r"lacks 'faces'.*agemodel evaluate"):
        report_html(Run(tmp_path))


def drawn(block: Block) -> str:
    """The part of a page that a block becomes."""
    page = page_html("title", [], [Section("anchor", "heading", [block])])
    return page.split("</h2>")[1].split("</section>")[0]


def test_texts_are_escaped() -> None:
    assert '<p class="note">a &lt; b &amp; c</p>' in drawn(Note("a < b & c"))
    found = drawn(Table([{HOSTILE: HOSTILE}], HOSTILE))
    assert "<script" not in found and "<img" not in found
    whole = page_html(HOSTILE, [], [Section("a", HOSTILE, [])])
    assert "<script>alert" not in whole and "<img" not in whole


def test_a_table_without_rows_says_so() -> None:
    assert "Nothing to show." in drawn(Table([], "caption"))


def test_a_chart_that_names_a_script_ends_no_script() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[2], name=f"</script>{HOSTILE}"))
    found = drawn(Chart(figure, "alt"))
    assert found.count("</script>") == 1
    (record,) = Reader(found).records
    assert record["data"][0]["name"] == f"</script>{HOSTILE}"


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    predicted = read_predicted(Run(SHIPPED))
    return evaluation_tables(predicted, in_slice(predicted, Slice()))


def test_every_table_is_a_csv_in_the_archive(tables: dict[str, pd.DataFrame]) -> None:
    with zipfile.ZipFile(io.BytesIO(tables_zip(tables))) as archive:
        assert archive.namelist() == [f"{name}.csv" for name in tables]
        for name, frame in tables.items():
            text = archive.read(f"{name}.csv").decode("utf-8-sig")
            assert len(list(csv.reader(io.StringIO(text)))) == 1 + len(frame), name
