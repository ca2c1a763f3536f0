from __future__ import annotations

from pathlib import Path

import pytest

from agemodel.core.errors import FootageError
from agemodel.footage.clip_files import find_clips
from agemodel.footage.footage_run import FootageRun
from agemodel.footage.footage_settings import FootageSettings
from agemodel.report import footage_report_html, write_footage_report
from tests.harness.made_estimators import CardOnly
from tests.harness.made_footage import FPS, BlockFinder, together, walk, write_blocks


def results(tmp_path: Path, least_count: int = 1, name: str = "a") -> Path:
    """Results of a clip with two visits at nine in the morning."""
    clip = tmp_path / f"{name}_20261127_090000.avi"
    write_blocks(clip, together(4 * FPS, walk(0, 30), walk(5, 30, y=160)))
    settings = FootageSettings(smallest_face_px=30, least_count=least_count)
    run = FootageRun(tmp_path / "out", CardOnly(), settings, find_looks=BlockFinder())
    run.run(find_clips([clip]).clips)
    return tmp_path / "out"


def test_a_report_says_who_came_and_asks_for_nothing_from_elsewhere(
    tmp_path: Path,
) -> None:
    page = footage_report_html(results(tmp_path))
    assert "<h1>Who came: out</h1>" in page
    assert "Visits: 2, in 0:00:04 of footage, from 2026-11-27 09:00" in page
    assert "The largest age band: 20-39 years, 100%" in page
    assert "comes back is counted again" in page
    before_plotly = page[: page.index("</main>")]
    assert "http" not in before_plotly and "<img" not in page
    assert before_plotly.count('class="chart"') == 3


def test_what_is_too_few_is_hidden_in_the_report_and_nobody_has_a_row(
    tmp_path: Path,
) -> None:
    page = footage_report_html(results(tmp_path, least_count=10))
    assert "Visits: too few to be shown" in page
    assert "Counts below 10 are hidden." in page
    assert "Shares: too few to be shown." in page
    assert page.count('class="chart"') == 1  # that of the visits over time
    assert "largest age band" not in page
    assert "a_20261127_090000" not in page


def test_a_report_is_written_whole_or_refused_by_a_sentence(tmp_path: Path) -> None:
    out = results(tmp_path)
    write_footage_report(out, tmp_path / "new" / "report.html")
    page = (tmp_path / "new" / "report.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")
    with pytest.raises(FootageError, match="is a folder"):
        write_footage_report(out, tmp_path)
    with pytest.raises(FootageError, match="holds no results yet"):
        footage_report_html(tmp_path)
