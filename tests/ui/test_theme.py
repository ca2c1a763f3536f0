"""The settings in .streamlit/config.toml: known to Streamlit, and legible."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit import config

from agemodel.figures.evaluation_charts import figure_confusion
from tests.harness.contrast import contrast

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
LEGIBLE = 4.5  # WCAG 2.2, success criterion 1.4.3, text of normal size
CAPTION_OPACITY = 0.6  # with which Streamlit draws captions


def flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def test_contrast_agrees_with_known_values() -> None:
    # Black on white is (1 + 0.05) / (0 + 0.05) = 21; #767676 on white is WCAG's own
    # example of the lightest grey that passes, 4.54.
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_streamlit_knows_every_setting() -> None:
    assert set(flat(SETTINGS)) <= set(config.get_config_options())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_on_every_background(scheme: str) -> None:
    theme = SETTINGS["theme"][scheme]
    page = theme["backgroundColor"]
    side = theme["sidebar"]["backgroundColor"]
    for behind in (page, theme["secondaryBackgroundColor"], side):
        for role in ("textColor", "linkColor", "primaryColor", "grayTextColor"):
            assert contrast(theme[role], behind) >= LEGIBLE, (role, behind)
    assert contrast(theme["textColor"], page, CAPTION_OPACITY) >= LEGIBLE
    for behind in (page, theme["secondaryBackgroundColor"]):
        faded = contrast(theme["codeTextColor"], behind, CAPTION_OPACITY)
        assert faded >= LEGIBLE, behind


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chart_colours_stand_out_from_the_page(scheme: str) -> None:
    theme = SETTINGS["theme"][scheme]
    # WCAG 2.2, success criterion 1.4.11: 3 to 1 for graphics.
    assert all(
        contrast(colour, theme["backgroundColor"]) >= 3
        for colour in theme["chartCategoricalColors"]
    )


def test_no_button_is_primary() -> None:
    # Streamlit writes on it in white, 2.6 to 1 on the dark theme's accent; an accent
    # dark enough for white would not be legible as text on the page.
    primary = [
        f"{path.name}:{node.value.lineno}"
        for folder in ("pages", "ui")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword)
        and node.arg == "type"
        and isinstance(node.value, ast.Constant)
        and node.value.value == "primary"
    ]
    assert not primary


def test_nothing_is_asked_of_another_machine() -> None:
    assert not [v for v in flat(SETTINGS).values() if "://" in str(v)]
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    assert SETTINGS["server"]["address"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_of_the_confusion_matrix_shows_on_its_fullest_cell(name: str) -> None:
    theme = SETTINGS["theme"][name]
    counts = np.array([[1, 9], [9, 1]])
    heat, cells = figure_confusion(
        counts, counts / 10, ["a", "b"], ("Age", ""), scheme=name
    ).data
    emptiest, fullest = (
        over(colour, theme["backgroundColor"]) for _, colour in heat.colorscale
    )
    assert contrast(cells.textfont.color, fullest) >= LEGIBLE
    page = theme["backgroundColor"]
    assert contrast(emptiest, page) < contrast(fullest, page)


def over(rgba: str, page: str) -> str:
    """What a translucent colour looks like on a page, as `#rrggbb`."""
    *colour, share = (float(part) for part in rgba[5:-1].split(","))
    below = [int(page[at : at + 2], 16) for at in (1, 3, 5)]
    mixed = (
        share * one + (1 - share) * two for one, two in zip(colour, below, strict=True)
    )
    return "#" + "".join(f"{round(level):02x}" for level in mixed)
