"""Every page and view on a large light and on a small dark screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.harness.driver import Server, assert_fits, visit
from tests.harness.estimate_page import (
    COLLAGE,
    COLLINS,
    expect_cards,
    faceless,
    sample,
    upload,
)
from tests.harness.plain_predictions import SERVED

EVALUATION = f"/evaluation?run={SERVED}"
VIEWS = {
    "estimate": "/",
    "about": "/about",
    "folder": "/folder",
    "footage": "/footage",
    "training": "/training",
    "dataset-charts": "/dataset",
    "dataset-faces": "/dataset?view=faces&sort=random",
    **{f"dataset-{v}": f"/dataset?view={v}" for v in ("ageing", "map", "issues")},
    "evaluation-overview": EVALUATION,
    "evaluation-confusion": f"{EVALUATION}&view=confusion&pick=3,5",
    "evaluation-confusion-decades": f"{EVALUATION}&view=confusion&bands=decades",
    **{
        f"evaluation-{view}": f"{EVALUATION}&view={view}"
        for view in ("errors", "certainty", "groups", "extremes")
    },
}
pytestmark = pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")]
)


@pytest.mark.parametrize("view", VIEWS)
def test_view_fits_the_window(
    server: Server, open_page: Callable[..., Page], view: str, width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme)
    visit(page, server.url + VIEWS[view])
    assert_fits(page, f"{view}-{width}-{scheme}")


def test_results_fit_the_window(
    server: Server, open_page: Callable[..., Page], width: int, scheme: str
) -> None:
    page = open_page(width=width, scheme=scheme)
    visit(page, server.url)
    upload(page, sample(COLLAGE), faceless(), sample(COLLINS))
    expect_cards(page, 4)
    assert_fits(page, f"estimate-results-{width}-{scheme}")
