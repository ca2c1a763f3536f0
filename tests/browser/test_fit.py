"""Every page and view on a large light and on a small dark screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.harness.driver import SCREENS, Server, assert_fits, turn_to, visit
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


@pytest.mark.parametrize("view", VIEWS)
def test_view_fits_the_window(server: Server, page: Page, view: str) -> None:
    visit(page, server.url + VIEWS[view])
    for width, scheme in SCREENS:
        turn_to(page, width, scheme)
        assert_fits(page, f"{view}-{width}-{scheme}")


def test_results_fit_the_window(server: Server, page: Page) -> None:
    visit(page, server.url)
    upload(page, sample(COLLAGE), faceless(), sample(COLLINS))
    expect_cards(page, 4)
    for width, scheme in SCREENS:
        turn_to(page, width, scheme)
        assert_fits(page, f"estimate-results-{width}-{scheme}")
