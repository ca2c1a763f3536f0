"""The live camera in a real browser, whose camera shows a clip made here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from agemodel.live.live_session import MOST_YEARS_PER_S
from tests.harness.axe import violations
from tests.harness.driver import (
    ONE_PROCESS,
    OUTPUT,
    PATIENCE_MS,
    Server,
    free_port,
    launched,
    run_server,
    visit,
    wait_for,
)
from tests.harness.estimate_page import expect_cards
from tests.harness.made_camera import camera_flags, write_camera_clip

OBAMA_YEARS = range(40, 63)
"""He was 51; the model's interval of 80 % lies in it."""

RECORD = """
window.received = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({data}) => {
      if (typeof data === "string") received.push(JSON.parse(data));
    });
  }
};
"""
IS_FREE = "() => document.getElementById('video').srcObject === null"


@pytest.fixture(scope="module")
def browser(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A Chromium in front of whose camera somebody sits."""
    clip = write_camera_clip(tmp_path_factory.mktemp("camera"))
    with launched(playwright, ONE_PROCESS, *camera_flags(clip)) as chromium:
        yield chromium


@pytest.fixture
def live(server: Server, page: Page) -> Page:
    """The page, with an age on it."""
    return opened(page, server.url)


def opened(page: Page, url: str) -> Page:
    page.add_init_script(RECORD)
    page.goto(f"{url}/live")
    expect(faces(page)).to_have_count(1)
    expect(faces(page)).to_contain_text("80 % range: ")
    return page


def faces(page: Page) -> Locator:
    return page.locator("#faces li")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def shown_ages(page: Page) -> list[tuple[int, float]]:
    """Number and age of each face of each answer so far."""
    return [
        (face["number"], face["age_years"])
        for answer in page.evaluate("received")
        for face in answer.get("faces", [])
        if face["age_years"] is not None
    ]


def wait_for_answers(page: Page, count: int) -> None:
    so_far = page.evaluate("received.length")
    wait_for(page, "(count) => received.length >= count", so_far + count)


def test_one_click_on_estimate_shows_a_steady_age(server: Server, page: Page) -> None:
    visit(page, server.url)
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Live camera").click()
    expect(faces(opening.value)).to_contain_text("1: ")
    expect(faces(opening.value)).to_contain_text("Gender label male")


def test_a_face_keeps_its_number_and_its_age(live: Page) -> None:
    wait_for_answers(live, 40)
    known = shown_ages(live)
    assert {number for number, _ in known} == {1}
    ages = [age for _, age in known]
    assert round(ages[-1]) in OBAMA_YEARS
    # at most twelve answers a second: no step is over that much of a second's
    steps = [abs(b - a) for a, b in itertools.pairwise(ages)]
    assert max(steps) <= MOST_YEARS_PER_S
    assert max(ages[-20:]) - min(ages[-20:]) < 2


def test_boxes_lie_on_the_face_and_follow_the_mirror(live: Page) -> None:
    """The label's dark plate moves to the other side with the picture."""
    plate = """() => {
        const canvas = document.getElementById('boxes');
        const {data, width} = canvas.getContext('2d').getImageData(
            0, 0, canvas.width, canvas.height);
        let sum = 0, count = 0;
        for (let at = 0; at < data.length; at += 4)
            if (data[at + 3] > 0) { sum += (at / 4) % width; count += 1; }
        return count ? sum / count / width : 0;
    }"""
    wait_for(live, f"() => ({plate})() > 0.35 && ({plate})() < 0.65")
    mirror = button(live, "Mirror")
    expect(mirror).to_have_attribute("aria-pressed", "true")
    mirror.click()
    expect(mirror).to_have_attribute("aria-pressed", "false")
    assert not live.evaluate("document.querySelector('#video.mirrored')")
    wait_for_answers(live, 2)
    wait_for(live, f"() => ({plate})() > 0.35 && ({plate})() < 0.65")


def test_off_frees_the_camera_and_on_takes_it_again(live: Page) -> None:
    track = live.evaluate_handle(
        "document.getElementById('video').srcObject.getVideoTracks()[0]"
    )
    button(live, "Off").click()
    # at once, without waiting
    assert track.evaluate("(track) => track.readyState") == "ended"
    assert live.evaluate(IS_FREE)
    expect(live.get_by_role("alert")).to_have_text("The camera is off.")
    expect(faces(live)).to_have_count(0)
    expect(button(live, "Snapshot to Estimate")).to_be_disabled()
    button(live, "On").click()
    expect(faces(live)).to_contain_text("80 % range: ")


def test_pause_sends_nothing_and_resume_goes_on(live: Page) -> None:
    button(live, "Pause").click()
    expect(live.get_by_text("Paused: no picture is sent.")).to_be_visible()
    held = live.evaluate("received.length")
    expect(faces(live)).to_have_count(1)  # what was seen last stays
    assert live.evaluate("received.length") == held
    button(live, "Resume").click()
    wait_for_answers(live, 3)


def test_a_snapshot_is_estimated_on_the_estimate_page(live: Page) -> None:
    button(live, "Snapshot to Estimate").click()
    live.wait_for_url("**/")
    expect_cards(live, 1)
    expect(live.get_by_text("snapshot.jpg (640 by 480 px)")).to_be_visible()
    assert "snapshot" not in live.url


def test_a_snapshot_of_a_paused_picture_is_sent_once_it_is_connected(
    live: Page,
) -> None:
    button(live, "Pause").click()
    button(live, "Snapshot to Estimate").click()
    live.wait_for_url("**/")
    expect_cards(live, 1)


def test_a_snapshot_that_is_gone_says_so(server: Server, page: Page) -> None:
    visit(page, f"{server.url}/?snapshot=none-such")
    expect(page.get_by_text("The snapshot is gone")).to_be_visible()


def test_a_lost_connection_says_so_and_is_taken_up_again(
    tmp_path: Path, browser: Browser
) -> None:
    """The server is stopped, and started again at its address."""
    port = free_port()
    with closing(browser.new_page()) as page:
        page.set_default_timeout(PATIENCE_MS)
        with run_server(tmp_path, port=port) as first:
            opened(page, first.url)
        expect(page.get_by_text("The connection to the app is lost")).to_be_visible()
        expect(faces(page)).to_have_count(0)
        with run_server(tmp_path, port=port):
            expect(faces(page)).to_contain_text("80 % range: ")
            expect(page.get_by_text("The connection")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_bars_nobody(
    server: Server, open_page: Callable[..., Page], width: int, height: int, scheme: str
) -> None:
    page = opened(open_page(width=width, height=height, scheme=scheme), server.url)
    expect(page.get_by_text("Nothing is stored.")).to_be_visible()
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"live-{width}-{scheme}.png", full_page=True)
    wide = page.evaluate(
        "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )
    assert wide == 0
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_the_theme_chosen_in_the_apps_menu_holds_here(
    server: Server, open_page: Callable[..., Page], theme: str
) -> None:
    other = "light" if theme == "Dark" else "dark"
    page = open_page(scheme=other)
    visit(page, server.url)
    (key,) = page.evaluate(
        "Object.keys(localStorage).filter((key) => key.startsWith('stActiveTheme'))"
    )
    page.evaluate(f"localStorage.setItem('{key}', '\"{theme}\"')")
    page.goto(f"{server.url}/live")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == ("rgb(21, 26, 27)" if theme == "Dark" else "rgb(253, 253, 252)")


def test_the_keyboard_reaches_every_control(live: Page) -> None:
    live.keyboard.press("Tab")
    while not live.evaluate("document.activeElement.id"):
        live.keyboard.press("Tab")
    reached = []
    for _ in range(4):
        reached.append(live.evaluate("document.activeElement.id"))
        live.keyboard.press("Tab")
    assert reached == ["power", "pause", "snapshot", "mirror"]
    live.locator("#pause").focus()
    live.keyboard.press("Space")
    expect(button(live, "Resume")).to_be_focused()


def test_faces_are_announced_rarely(live: Page) -> None:
    """The list changes often; what a screen reader says at most every six seconds."""
    live.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => said.push(performance.now())).observe(
                document.getElementById('announcement'),
                {childList: true, characterData: true, subtree: true});
        }"""
    )
    expect(live.locator("#announcement")).to_contain_text("1 face in view: number 1")
    wait_for_answers(live, 30)
    times = live.evaluate("said")
    assert all(b - a > 5000 for a, b in itertools.pairwise(times))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "may not use the camera"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "Another program may hold it"),
        ("OverconstrainedError", "Choose another one"),
        ("AbortError", "could not be started (AbortError)"),
    ],
)
def test_a_camera_that_cannot_be_had_says_what_to_do(
    server: Server, page: Page, error: str, words: str
) -> None:
    page.add_init_script(
        f"""navigator.mediaDevices.getUserMedia = () =>
            Promise.reject(new DOMException("", "{error}"));"""
    )
    page.goto(f"{server.url}/live")
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("alert")).to_contain_text("On")
    expect(button(page, "On")).to_be_enabled()
    expect(button(page, "Pause")).to_be_disabled()


def test_a_page_without_https_says_what_to_do(server: Server, page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"
    )
    page.goto(f"{server.url}/live")
    expect(page.get_by_role("alert")).to_contain_text("HTTPS")


def test_a_camera_that_is_unplugged_says_what_to_do(live: Page) -> None:
    live.evaluate(
        """document.getElementById('video').srcObject.getVideoTracks()[0]
            .dispatchEvent(new Event('ended'))"""
    )
    expect(live.get_by_role("alert")).to_contain_text("was disconnected")
    assert live.evaluate(IS_FREE)


def test_another_camera_can_be_chosen(server: Server, page: Page) -> None:
    """Two cameras by name; the choice is what is asked of the browser."""
    page.add_init_script(
        """
        window.asked = [];
        const take = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => {
            asked.push(wanted.video.deviceId?.exact ?? "");
            return take({video: true});
        };
        const camera = (label) => ({kind: "videoinput", deviceId: label, label});
        navigator.mediaDevices.enumerateDevices = async () =>
            [camera("Front"), camera("Back"), {kind: "audioinput"}];
        """
    )
    page.goto(f"{server.url}/live")
    page.get_by_label("Camera", exact=True).select_option("Back")
    wait_for(page, "asked.length === 2")
    assert page.evaluate("asked") == ["", "Back"]
    expect(faces(page)).to_have_count(1)
