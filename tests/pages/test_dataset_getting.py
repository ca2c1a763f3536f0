"""The panel of the Dataset page that gets the images, in all its states."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from agemodel.dataset import url_download
from agemodel.dataset.getting import (
    ADDRESS,
    DISK,
    MIRROR,
    RUNNING,
    SOURCES,
    Getter,
    Snapshot,
)
from tests.harness.app_pages import (
    after,
    labels,
    press,
    rerun,
    run_script,
    written,
)
from tests.harness.archive_server import (
    FACES,
    HALF,
    STALL_S,
    Answer,
    Server,
    replace_kagglehub,
)
from tests.harness.dataset_archives import faces, tiny_jpeg, write_tar
from tests.harness.waiting import wait_until
from ui.dataset import get_data
from ui.dataset.get_data import duration_words, progress_words
from ui.permission import SETTING


@pytest.fixture(autouse=True)
def getter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Getter]:
    """The one that all sessions of a test share; it does not wait long."""
    monkeypatch.delenv(SETTING, raising=False)
    monkeypatch.setattr(url_download, "TIMEOUTS_S", (5, STALL_S))
    getter = Getter()
    monkeypatch.setattr(get_data, "getter", lambda: getter)
    yield getter
    getter.cancel()
    until_ended(getter)


def listen_on(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server seem to listen on another address."""
    given = st.get_option
    monkeypatch.setattr(
        st, "get_option", lambda key: address if key == "server.address" else given(key)
    )


def panel() -> None:
    import pandas as pd
    import streamlit as st

    from ui.dataset.intro import show_intro

    st.session_state.setdefault("dataset_no_pictures", True)  # as if it were opened
    show_intro(pd.DataFrame(index=range(3)))


def open_panel() -> AppTest:
    return run_script(panel)


def choose(page: AppTest, source: str) -> AppTest:
    return after(page.segmented_control(key="dataset_get_from").set_value(source))


def get(page: AppTest, source: str, **texts: str) -> AppTest:
    """Fill the form in as a person would, and send it."""
    choose(page, source)
    for name, text in texts.items():
        page.text_input(key=f"dataset_get_{name}").set_value(text)
    page.checkbox(key="dataset_get_licence").set_value(True)
    return press(page, "Get the pictures")


def until_ended(getter: Getter) -> None:
    wait_until(lambda: getter.snapshot().phase != RUNNING)


def stalled(getter: Getter, server: Server, page: AppTest) -> AppTest:
    """Start a download that stops half way, and look at it then."""
    server.plan = [Answer(stall_after=HALF)]
    get(page, ADDRESS, address=server.url)
    wait_until(lambda: getter.snapshot().done_bytes == HALF)
    return rerun(page)


def progress(page: AppTest) -> str:
    return page.get("progress")[0].proto.text


# ---------------------------------------------------------------- before


@pytest.mark.parametrize(
    ("source", "fields"),
    [(MIRROR, []), (ADDRESS, ["address", "sha256"]), (DISK, ["path"])],
)
def test_each_source_asks_for_what_it_needs_and_for_the_terms(
    source: str, fields: list[str]
) -> None:
    page = choose(open_panel(), source)
    assert [text.key for text in page.text_input] == [
        f"dataset_get_{name}" for name in fields
    ]
    text = written(page)
    assert "non-commercial research only" in text
    assert "their copyright stays with their owners" in text
    assert ("jangedoo/utkface-new" in text) == (source == MIRROR)
    assert page.checkbox(key="dataset_get_licence").value is False
    assert labels(page) == ["Get the pictures"]
    assert "python -m agemodel data download" in page.code[0].value


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_started_without_the_terms(source: str, getter: Getter) -> None:
    page = choose(open_panel(), source)
    press(page, "Get the pictures")
    assert "Accept the terms" in written(page)
    assert getter.snapshot() == Snapshot()


@pytest.mark.parametrize(
    ("source", "texts", "named"),
    [
        (DISK, {"path": " "}, "Give the path"),
        (DISK, {"path": "/no/_such_/archive"}, "at /no/_such_/archive."),
        (ADDRESS, {"address": "UTKFace.tar.gz"}, "must begin with http"),
        (ADDRESS, {"address": "http://h/x", "sha256": "1"}, "64 hexadecimal"),
    ],
)
def test_what_was_typed_wrong_is_said_beside_it(
    source: str, texts: dict[str, str], named: str, getter: Getter
) -> None:
    page = get(open_panel(), source, **texts)
    assert named in page.text[0].value
    assert getter.snapshot() == Snapshot()
    for name, text in texts.items():
        assert page.text_input(key=f"dataset_get_{name}").value == text


# ---------------------------------------------------------------- meanwhile


def test_running_download_is_seen_by_every_session(
    getter: Getter, server: Server
) -> None:
    page = stalled(getter, server, open_panel())
    for one in (page, open_panel()):
        assert "pictures are being downloaded" in written(one)
        assert progress(one).startswith("Downloading · 0.3 of 0.6 MB")
        assert one.get("progress")[0].proto.value == pytest.approx(
            100 * HALF / len(server.body), abs=1
        )
        assert f"From {server.url}" in written(one)
        assert labels(one) == ["Cancel"]
        assert not one.code


def test_second_start_meets_the_first(
    getter: Getter, server: Server, tmp_path: Path
) -> None:
    late = choose(open_panel(), DISK)  # opened before, sent after the other
    late.text_input(key="dataset_get_path").set_value(str(tmp_path))
    late.checkbox(key="dataset_get_licence").set_value(True)
    stalled(getter, server, open_panel())
    rerun(late)
    assert "pictures are being downloaded" in written(late)
    assert getter.snapshot().number == 1


def test_cancelled_mirror_goes_on_at_a_click(
    getter: Getter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle = replace_kagglehub(tmp_path, monkeypatch)
    kaggle.act("stall", "whole")
    page = get(open_panel(), MIRROR)
    wait_until(kaggle.stalled.exists)
    page = press(rerun(page), "Cancel")
    until_ended(getter)
    rerun(page)
    text = written(page)
    assert "**Cancelled.**" in text and "What has come is kept" in text
    assert "goes on from there" in text  # in the form, for whoever comes after a crash
    press(page, "Go on")
    until_ended(getter)
    assert f"**{FACES} faces, none refused.**" in written(rerun(page))


# ---------------------------------------------------------------- after


def test_import_from_the_disk_ends_with_numbers_and_reasons(
    getter: Getter, tmp_path: Path
) -> None:
    files = [
        *faces(3),
        ("UTKFace/39_1_20170116174525125.jpg.chip.jpg", tiny_jpeg()),
        ("UTKFace/61_1_20170109142408075.jpg.chip.jpg", tiny_jpeg()),
        ("UTKFace/notes.txt", b"x"),
    ]
    source = write_tar(tmp_path / "UTKFace.tar.gz", files)
    page = get(open_panel(), DISK, path=str(source))
    until_ended(getter)
    rerun(page)
    text = written(page)
    assert "**3 faces, 3 refused.**" in text
    assert "2 refused: The name has no race field." in text
    assert "1 refused: The file is not a JPEG image." in text
    assert "UTKFace.tar.gz: imported in " in text
    assert "3 images are in no split." in text
    assert not page.code
    press(page, "Close")
    assert "refused" not in written(page)


@pytest.mark.parametrize(
    ("answer", "said", "try_again"),
    [
        (Answer(stop_after=HALF), "broke after 0.3 MB", True),
        (Answer(body=b"<html>Sign in</html>"), "is not a .tar.gz", False),
    ],
    ids=["connection lost", "wrong file"],
)
def test_failed_download_is_said_and_can_be_tried_again_or_from_elsewhere(
    answer: Answer, said: str, try_again: bool, getter: Getter, server: Server
) -> None:
    server.plan = [answer]
    page = get(open_panel(), ADDRESS, address=server.url)
    until_ended(getter)
    rerun(page)
    assert "pictures could not be downloaded" in page.error[0].value
    assert said in written(page)
    assert "starts anew" in written(page)
    assert page.text_input(key="dataset_get_address").value == server.url
    assert page.checkbox(key="dataset_get_licence").value is True
    if try_again:
        press(page, "Try again")
    else:
        get(page, ADDRESS, address=server.url + "?again")
    until_ended(getter)
    assert f"**{FACES} faces" in written(rerun(page))


# ---------------------------------------------------------------- who may


def test_on_a_shared_server_there_are_the_commands_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listen_on("0.0.0.0", monkeypatch)
    page = open_panel()
    assert not page.button and not page.text_input and not page.checkbox
    assert f"{SETTING}=1" in written(page)
    assert "python -m agemodel data import" in page.code[0].value


def test_on_a_shared_server_progress_is_seen_without_its_source(
    getter: Getter, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled(getter, server, open_panel())
    listen_on(None, monkeypatch)
    page = open_panel()
    assert progress(page).startswith("Downloading · 0.3 of 0.6 MB")
    assert not page.button
    assert server.url not in written(page)
    getter.cancel()
    server.released.set()
    until_ended(getter)
    page = open_panel()
    assert "**Cancelled.**" in written(page)
    assert not page.button


def test_operator_can_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    listen_on("0.0.0.0", monkeypatch)
    monkeypatch.setenv(SETTING, "1")
    assert labels(open_panel()) == ["Get the pictures"]


# ---------------------------------------------------------------- in words


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (Snapshot(text="asking Kaggle"), "Asking Kaggle …"),
        (Snapshot(text="connecting", done_bytes=10**6), "Connecting · 1.0 MB"),
        (Snapshot(text="x", cancelling=True), "Cancelling …"),
        (
            Snapshot(
                text="downloading",
                done_bytes=45_000_000,
                total_bytes=1_245_000_000,
                bytes_per_s=5_000_000.0,
            ),
            # 1,200 MB are left at 5 MB/s: 240 s.
            "Downloading · 45.0 of 1,245.0 MB · 5.0 MB/s · 4 min left",
        ),
        (
            Snapshot(
                text="250 images", done_bytes=1, total_bytes=10**6, bytes_per_s=0.0
            ),
            "250 images · 0.0 of 1.0 MB · 0.0 MB/s",
        ),
        (
            Snapshot(text="unpacking", done_bytes=10**6, total_bytes=10**6),
            "Unpacking · 1.0 MB …",
        ),
    ],
)
def test_progress_in_words(job: Snapshot, words: str) -> None:
    assert progress_words(job) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (5_400, "90 min"),
        (7_500, "2 h 5 min"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
