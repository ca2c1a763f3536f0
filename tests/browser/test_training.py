"""A network trained from the page in a real browser, from the start to its use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agemodel.core import paths
from agemodel.core.errors import RunError
from agemodel.jobs.processes import end_process
from agemodel.jobs.records import Job, list_jobs, read_job, read_tail
from agemodel.runs.run_folder import find_run
from tests.harness.coloured_faces import import_coloured_faces
from tests.harness.driver import (
    PATIENCE_MS,
    Server,
    run_server,
    save_screenshot,
    sideways_scroll_px,
    visit,
    wait_until_drawn,
    watched_page,
)
from tests.harness.waiting import wait_until

PHOTO = paths.SAMPLES / "joe-biden.jpg"
EPOCHS, INPUT_PX = 8, 48


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A tiny dataset, no run and no model; nothing is left at work."""
    import_coloured_faces(tmp_path / "faces", train=120, val=30, test=20)
    monkeypatch.setenv("AGEMODEL_DATA", str(tmp_path / "faces" / "data"))
    monkeypatch.setenv("AGEMODEL_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path / "models"))
    yield tmp_path
    for _, job in list_jobs():
        end_process(job.pid, job.birth, at_once=True)


def serve_in(folder: Path) -> Path:
    folder.mkdir()
    return folder


def open_train(page: Page, server: Server) -> None:
    visit(page, f"{server.url}/training?view=train")


def fill(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).fill(text)
    page.keyboard.press("Enter")
    wait_until_drawn(page)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def wait_for(page: Page, text: str) -> None:
    """TensorFlow alone takes seconds to load, and the machine may have other work."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=10 * PATIENCE_MS)


def begin(page: Page) -> None:
    recipe = page.get_by_test_id("stSelectbox").filter(has_text="Recipe")
    recipe.locator("input").fill("seed_cnn")
    page.keyboard.press("Enter")
    wait_for(page, "60 epochs, 20 faces a step")
    wait_until_drawn(page)
    fill(page, "Epochs", str(EPOCHS))
    fill(page, "Input size, px", str(INPUT_PX))
    fill(page, "Name of the run", "tried")
    press(page, "Start training")


def halt_after(said: str) -> int:
    """Halt the job once it has said something; its process's id."""

    def job_that_said_it() -> Job | None:
        with suppress(RunError):
            run = find_run("tried")
            job = read_job(run)
            return job if job and said in read_tail(run, job) else None

    job = wait_until(job_that_said_it)
    os.kill(job.pid, signal.SIGSTOP)
    return job.pid


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_network_is_trained_stopped_resumed_exported_and_used_from_the_page(
    home: Path, browser: Browser
) -> None:
    with run_server(serve_in(home / "first")) as server:
        with watched_page(browser) as page:
            visit(page, server.url)
            expect(page.get_by_text("The model is missing.")).to_be_visible()
            open_train(page, server)
            begin(page)
            worker = halt_after(f"epoch 2/{EPOCHS}: validation MAE")
            wait_for(page, f"epoch 2/{EPOCHS}: validation MAE")
            # A second one is refused.
            expect(page.get_by_text("Run tried is being trained.")).to_be_visible()
            expect(page.get_by_role("button", name="Start training")).to_be_disabled()
            save_screenshot(page, "training-under-way")
            press(page, "Stop training")
            os.kill(worker, signal.SIGCONT)
            wait_for(page, "was stopped.")
            wait_for(page, f"of {EPOCHS} epochs are done.")
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": 390, "height": 844})
            save_screenshot(page, "training-stopped-390-dark")
            assert sideways_scroll_px(page) == 0
        os.kill(server.pid, signal.SIGKILL)
    run = find_run("tried")
    stopped_after = run.read_json("status.json")["epochs_done"]
    assert 2 <= stopped_after < EPOCHS
    with run_server(serve_in(home / "second")) as server, watched_page(browser) as page:
        open_train(page, server)
        press(page, "Go on training")
        wait_for(page, f"{EPOCHS} of {EPOCHS} epochs are done.")
        assert f"goes on after epoch {stopped_after}\n" in (
            run.folder / "log.txt"
        ).read_text("utf-8")
        press(page, "Evaluate")
        wait_for(page, "On the 20 faces of test")
        fill(page, "Export as the model", "mine")
        press(page, "Export")
        wait_for(page, "Use the model mine in the app")
        save_screenshot(page, "training-exported")
        press(page, "Use the model mine in the app")
        wait_for(page, "The app uses the model mine")
        visit(page, server.url)
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(PHOTO)
        expect(page.get_by_text("looks about")).to_have_count(
            1, timeout=10 * PATIENCE_MS
        )
    job = read_job(run)
    assert (job.kind, job.code) == ("export", 0)
