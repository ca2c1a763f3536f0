"""Downloads against a server of our own on 127.0.0.1 that misbehaves as it is told."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.download import (
    DownloadCancelled,
    DownloadReport,
    LicenceNotAccepted,
    download_dataset,
)
from agemodel.dataset.index import read_index
from tests.harness.archive_server import (
    FACES,
    QUICK,
    STALL_S,
    Answer,
    Server,
    archive_with_noise,
    replace_kagglehub,
    serving,
    until,
)
from tests.harness.dataset_archives import faces, write_folder, write_tar, write_zip

DATE = "Sat, 01 Jan 2022 00:00:00 GMT"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return archive_with_noise(tmp_path_factory.mktemp("archive") / "source.tar.gz")


@pytest.fixture
def server(archive: bytes) -> Iterator[Server]:
    with serving(archive) as server:
        yield server


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def download(data_dir: Path, url: str | None, **options: object) -> DownloadReport:
    settings: dict = {"licence_accepted": True, "pauses_s": QUICK, "timeouts_s": (5, 5)}
    return download_dataset(data_dir, url, **(settings | options))


def held(data_dir: Path) -> int:
    """Bytes of the partial file."""
    try:
        return (data_dir / "download" / "partial").stat().st_size
    except FileNotFoundError:
        return 0


def assert_imported(data_dir: Path) -> None:
    """The faces are there, and nothing of the download is."""
    assert len(read_index(data_dir)) == FACES
    assert not (data_dir / "download").exists()


def assert_nothing_kept(data_dir: Path) -> None:
    with pytest.raises(DatasetError, match="There is no dataset yet"):
        read_index(data_dir)
    folder = data_dir / "download"
    assert not folder.exists() or list(folder.iterdir()) == []


# ---------------------------------------------------------------- all is well


def test_a_download_becomes_the_dataset(server: Server, data_dir: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    imported: list[tuple[int, int | None, str]] = []
    report = download(
        data_dir,
        server.url,
        progress=lambda *step: told.append(step),
        import_progress=lambda *step: imported.append(step),
    )
    assert report.imported.usable == FACES
    assert report.imported.source == "UTKFace.tar.gz"
    assert report.kept is None
    assert_imported(data_dir)
    size = len(server.body)
    assert told[-1] == (size, size, "downloading")
    assert [step[0] for step in told] == sorted(step[0] for step in told)
    assert imported[-1] == (size, size, f"{FACES} images")
    (asked,) = server.asked
    assert asked["Accept-Encoding"] == "identity"


def test_a_slow_server_is_waited_for_and_its_bytes_are_told(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(pieces=20)
    told: list[int] = []
    download(data_dir, server.url, progress=lambda done, *_: told.append(done))
    assert_imported(data_dir)
    assert len(set(told)) > 10


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_every_kind_of_archive_that_is_imported_is_downloaded(
    kind: str, server: Server, data_dir: Path, tmp_path: Path
) -> None:
    write = write_zip if kind == "zip" else write_tar
    server.body = write(tmp_path / f"x.{kind}", faces(FACES)).read_bytes()
    download(data_dir, server.url)
    assert_imported(data_dir)


def test_a_body_without_a_stated_length_is_read_to_its_end(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(chunked=True, pieces=3)
    totals = set()
    download(data_dir, server.url, progress=lambda _, total, __: totals.add(total))
    assert_imported(data_dir)
    assert totals == {None}


def test_a_gz_that_is_labelled_as_an_encoding_is_not_unpacked(
    server: Server, data_dir: Path
) -> None:
    digest = hashlib.sha256(server.body).hexdigest()
    server.always = Answer(headers={"Content-Encoding": "gzip"})
    download(data_dir, server.url, sha256=digest)
    assert_imported(data_dir)


def test_kept_archives_lie_in_the_data_folder(server: Server, data_dir: Path) -> None:
    for _ in range(2):  # the second replaces the first
        report = download(data_dir, server.url + "?version=1", keep=True)
        assert report.kept == data_dir / "download" / "UTKFace.tar.gz"
        assert report.kept.read_bytes() == server.body
        assert os.listdir(data_dir / "download") == ["UTKFace.tar.gz"]
    assert "Range" not in server.asked[1]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "UTKFace-archive"),
        ("/partial", "UTKFace-archive"),
        ("/partial.json", "UTKFace-archive"),
        ("/kaggle", "UTKFace-archive"),
        ("/%2e%2e%2fetc%2fpasswd", "passwd"),
        ("/a/..%00%0a.zip", "zip"),
        ("/download?file=x.zip", "download"),
        ("/" + 300 * "x", 100 * "x"),
    ],
)
def test_names_from_addresses_are_harmless(
    path: str, name: str, server: Server, data_dir: Path
) -> None:
    url = server.url.removesuffix("/UTKFace.tar.gz") + path
    report = download(data_dir, url, keep=True)
    assert report.kept == data_dir / "download" / name


# ---------------------------------------------------------------- going on


def test_a_connection_that_drops_once_is_resumed(
    server: Server, data_dir: Path
) -> None:
    server.plan = [Answer(stop_after=200_000)]
    texts = []
    download(data_dir, server.url, progress=lambda *step: texts.append(step[2]))
    assert_imported(data_dir)
    _, second = server.asked
    assert (second["Range"], second["If-Range"]) == ("bytes=200000-", '"one"')
    assert server.sent == len(server.body)  # no byte came twice
    assert "interrupted; again in 0 s" in texts


def test_a_connection_that_always_drops_ends_with_a_sentence(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(stop_after=1000)
    with pytest.raises(DatasetError, match=r"broke after .* 4 attempts in a row"):
        download(data_dir, server.url)
    assert len(server.asked) == 1 + len(QUICK)
    assert held(data_dir) == 4000
    server.always = Answer()
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.sent == len(server.body)


def test_attempts_that_bring_something_do_not_count(
    server: Server, data_dir: Path
) -> None:
    # 600 kB in parts of 100 kB are 6 drops, more than there are pauses.
    server.always = Answer(stop_after=100_000)
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert len(server.asked) > 2 + len(QUICK)
    assert server.sent == len(server.body)


def test_a_server_that_ignores_ranges_is_read_from_the_start(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(ranges=False)
    server.plan = [Answer(stop_after=200_000)]
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.sent == 200_000 + len(server.body)


def test_a_server_that_ignores_ranges_and_always_drops_is_given_up(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(ranges=False, stop_after=200_000)
    with pytest.raises(DatasetError, match="attempts in a row"):
        download(data_dir, server.url)
    assert len(server.asked) == 1 + len(QUICK)


@pytest.mark.parametrize("whatever", [False, True])
def test_a_file_that_changes_between_attempts_starts_over(
    whatever: bool, server: Server, data_dir: Path
) -> None:
    old = bytes(reversed(server.body))[: len(server.body)]
    server.plan = [Answer(body=server.body[:512] + old[512:], stop_after=200_000)]

    def change(done: int, total: int | None, text: str) -> None:
        if text.startswith("interrupted"):
            server.tag = '"two"'

    server.always = Answer(whatever=whatever)
    download(data_dir, server.url, progress=change)
    assert_imported(data_dir)
    assert server.asked[1]["If-Range"] == '"one"'


@pytest.mark.parametrize(
    "wrong", ["bytes 100-599999/600000", "bytes 200000-299999/300000", "all of it", ""]
)
def test_ranges_that_do_not_fit_start_over(
    wrong: str, server: Server, data_dir: Path
) -> None:
    server.plan = [
        Answer(stop_after=200_000),
        Answer(headers={"Content-Range": wrong}),
    ]
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert "Range" not in server.asked[2]


def test_an_answer_that_nothing_is_left_is_believed_only_if_it_fits(
    server: Server, data_dir: Path
) -> None:
    over = {"Content-Range": "bytes */100", "Content-Length": "0"}
    server.plan = [
        Answer(chunked=True, stop_after=200_000),
        Answer(status=416, headers=over, body=b""),
    ]
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert "Range" not in server.asked[2]


def test_a_range_that_ends_early_is_not_the_end(server: Server, data_dir: Path) -> None:
    server.plan = [
        Answer(stop_after=200_000),
        Answer(headers={"Content-Length": "1000"}),
    ]
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.asked[2]["Range"] == "bytes=201000-"


@pytest.mark.parametrize(
    ("tag", "date", "condition"),
    [(None, DATE, DATE), ('W/"one"', DATE, DATE), ('W/"one"', None, None)],
    ids=["date", "weak tag and date", "weak tag"],
)
def test_only_what_tells_a_file_surely_is_a_condition(
    tag: str | None,
    date: str | None,
    condition: str | None,
    server: Server,
    data_dir: Path,
) -> None:
    server.tag, server.date = tag, date
    server.plan = [Answer(stop_after=200_000)]
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.asked[1].get("If-Range") == condition
    assert ("Range" in server.asked[1]) == (condition is not None)


def test_what_came_from_another_address_is_not_gone_on_with(
    server: Server, data_dir: Path
) -> None:
    server.plan = [Answer(stop_after=1000) for _ in range(4)]
    with pytest.raises(DatasetError):
        download(data_dir, server.url + "?file=1")
    download(data_dir, server.url + "?file=2")
    assert_imported(data_dir)
    assert "Range" not in server.asked[-1]


@pytest.mark.parametrize("state", [b"", b"{}", b"[1]", b'{"address_sha256": 1}'])
def test_a_damaged_state_file_starts_over(
    state: bytes, server: Server, data_dir: Path
) -> None:
    (data_dir / "download").mkdir(parents=True)
    (data_dir / "download" / "partial").write_bytes(b"left over")
    (data_dir / "download" / "partial.json").write_bytes(state)
    download(data_dir, server.url)
    assert_imported(data_dir)


def test_a_killed_process_is_gone_on_from(server: Server, data_dir: Path) -> None:
    server.plan = [Answer(stall_after=300_000)]
    code = (
        "import sys; from pathlib import Path; "
        "from agemodel.dataset.download import download_dataset; "
        "download_dataset(Path(sys.argv[1]), sys.argv[2], licence_accepted=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir), server.url], cwd=paths.ROOT
    )
    until(lambda: held(data_dir) == 300_000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.asked[1]["Range"] == "bytes=300000-"
    assert server.sent == len(server.body)


def test_an_import_that_could_not_run_is_made_up_for_without_a_download(
    server: Server, data_dir: Path
) -> None:
    data_dir.mkdir()
    with (
        FileLock(data_dir / ".import.lock"),
        pytest.raises(DatasetError, match="Another import"),
    ):
        download(data_dir, server.url)
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.asked[1]["Range"] == f"bytes={len(server.body)}-"
    assert server.sent == len(server.body)


# ---------------------------------------------------------------- cancelled


def test_a_cancelled_download_ends_at_once_and_can_go_on(
    server: Server, data_dir: Path
) -> None:
    server.plan = [Answer(stall_after=300_000)]
    cancel = threading.Event()
    times: list[float] = []

    def cancel_later() -> None:
        until(lambda: held(data_dir) == 300_000)
        times.append(time.monotonic())
        cancel.set()

    threading.Thread(target=cancel_later).start()
    with pytest.raises(DownloadCancelled, match="go on"):
        download(data_dir, server.url, cancel=cancel, timeouts_s=(5, STALL_S))
    assert time.monotonic() - times[0] < STALL_S / 4  # though the server stalls
    assert held(data_dir) == 300_000
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.sent == len(server.body)


def test_a_pause_between_attempts_is_cut_short(server: Server, data_dir: Path) -> None:
    server.plan = [Answer(stop_after=1000)]
    cancel = threading.Event()

    def progress(done: int, total: int | None, text: str) -> None:
        if text == "interrupted; again in 60 s":
            threading.Timer(0.05, cancel.set).start()

    with pytest.raises(DownloadCancelled):
        download(
            data_dir, server.url, cancel=cancel, progress=progress, pauses_s=(60.0,)
        )


def test_a_cancelled_import_leaves_the_archive_for_the_next_time(
    server: Server, data_dir: Path
) -> None:
    cancel = threading.Event()
    with pytest.raises(DownloadCancelled):
        download(
            data_dir,
            server.url,
            cancel=cancel,
            import_progress=lambda *_: cancel.set(),
        )
    assert list(data_dir.glob("utkface-*")) == []
    download(data_dir, server.url)
    assert_imported(data_dir)
    assert server.sent == len(server.body)


def test_cancelled_before_it_began_asks_for_nothing(
    server: Server, data_dir: Path
) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(DownloadCancelled):
        download(data_dir, server.url, cancel=cancel)
    assert server.asked == []


# ---------------------------------------------------------------- refused

PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)


@pytest.mark.parametrize(
    ("body", "kind", "named"),
    [
        (b"<html>Please sign in</html>", "text/html; charset=utf-8", "a web page"),
        (b"\n <!doctype html>" + bytes(900), "application/zip", "a web page"),
        (PNG, "image/png", "another kind"),
        (b'{"error": "no"}', "application/json", "another kind"),
        (b"", "application/zip", "another kind"),
    ],
    ids=["page", "disguised page", "picture", "json", "nothing"],
)
def test_what_is_no_archive_is_refused(
    body: bytes, kind: str, named: str, server: Server, data_dir: Path
) -> None:
    server.always = Answer(body=body, headers={"Content-Type": kind})
    with pytest.raises(DatasetError, match=named) as refused:
        download(data_dir, server.url)
    assert "data import" in str(refused.value)
    assert len(server.asked) == 1
    assert_nothing_kept(data_dir)


def test_a_wrong_file_is_refused_by_its_first_bytes(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(body=PNG + bytes(500_000), stall_after=1000)
    with pytest.raises(DatasetError, match="another kind"):
        download(data_dir, server.url)


def test_an_archive_of_something_else_is_deleted(
    server: Server, data_dir: Path, tmp_path: Path
) -> None:
    other = write_zip(tmp_path / "other.zip", [("readme.txt", b"hello")])
    server.body = other.read_bytes()
    with pytest.raises(DatasetError, match="holds no image of UTKFace"):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)


@pytest.mark.parametrize(
    ("status", "named"),
    [(404, "nothing under this"), (403, "login"), (401, "login"), (418, "HTTP 418")],
)
def test_a_refusal_is_final_and_says_what_to_do(
    status: int, named: str, server: Server, data_dir: Path
) -> None:
    server.always = Answer(status=status)
    with pytest.raises(DatasetError, match=named) as refused:
        download(data_dir, server.url)
    assert f"HTTP {status}" in str(refused.value)
    assert "data import" in str(refused.value)
    assert len(server.asked) == 1


def test_a_server_that_is_out_of_order_is_asked_again(
    server: Server, data_dir: Path
) -> None:
    server.plan = [
        Answer(status=503, headers={"Retry-After": "1"}),
        Answer(status=500, headers={"Retry-After": DATE}),
    ]
    texts = []
    started = time.monotonic()
    download(data_dir, server.url, progress=lambda *step: texts.append(step[2]))
    assert_imported(data_dir)
    assert time.monotonic() - started >= 1
    assert texts.count("interrupted; again in 1 s") == 1
    assert texts.count("interrupted; again in 0 s") == 1


def test_pauses_grow_and_a_server_cannot_ask_for_an_endless_one(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(status=503, headers={"Retry-After": "86400"})
    cancel = threading.Event()
    texts: list[str] = []

    def progress(done: int, total: int | None, text: str) -> None:
        texts.append(text)
        if text.startswith("interrupted"):
            threading.Timer(0.05, cancel.set).start()

    with pytest.raises(DownloadCancelled):
        download(data_dir, server.url, progress=progress, cancel=cancel)
    assert "interrupted; again in 60 s" in texts


def test_a_stated_length_that_is_too_long_ends_with_a_sentence(
    server: Server, data_dir: Path
) -> None:
    size = len(server.body)
    server.always = Answer(headers={"Content-Length": str(size + 10)}, ranges=False)
    with pytest.raises(DatasetError, match="attempts in a row"):
        download(data_dir, server.url)


def test_a_stated_length_that_is_too_short_gives_a_damaged_archive(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(headers={"Content-Length": "300000"})
    with pytest.raises(DatasetError, match="damaged or cut short"):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)


def test_redirects_lead_to_http_only(server: Server, data_dir: Path) -> None:
    secret = data_dir.parent / "secret.tar.gz"
    secret.write_bytes(server.body)
    away = {"Location": f"file://{secret}"}
    server.plan = [Answer(status=302, headers=away, body=b"")]
    with pytest.raises(DatasetError, match="neither http nor https"):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)


def test_a_redirect_is_followed_with_its_range(server: Server, data_dir: Path) -> None:
    there = Answer(status=302, headers={"Location": "/there"}, body=b"")
    server.plan = [there, Answer(stop_after=200_000), there]
    report = download(data_dir, server.url)
    assert report.imported.source == "UTKFace.tar.gz"
    assert [asked["path"] for asked in server.asked][1::2] == ["/there", "/there"]
    assert server.asked[3]["Range"] == "bytes=200000-"
    assert server.sent == len(server.body)


def test_a_circle_of_redirects_is_refused(server: Server, data_dir: Path) -> None:
    server.always = Answer(status=302, headers={"Location": "/again"}, body=b"")
    with pytest.raises(DatasetError, match="in circles"):
        download(data_dir, server.url)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hosts", "ftp://h/x", "/x.zip", "x.zip", "http://", "http://[::1", ""],
)
def test_addresses_that_are_not_http_are_refused(url: str, data_dir: Path) -> None:
    with pytest.raises(DatasetError, match="must begin with http"):
        download(data_dir, url)


def test_a_server_that_is_not_there_is_a_sentence(data_dir: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x.zip"
        with pytest.raises(DatasetError, match="cannot be reached"):
            download(data_dir, url)


def test_a_server_that_does_not_answer_times_out(
    server: Server, data_dir: Path
) -> None:
    server.always = Answer(stall_after=0)
    with pytest.raises(DatasetError, match="attempts in a row"):
        download(data_dir, server.url, timeouts_s=(0.2, 0.2))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_over_the_cap_is_refused(
    chunked: bool, server: Server, data_dir: Path
) -> None:
    server.always = Answer(chunked=chunked, pieces=6)
    with pytest.raises(DatasetError, match=r"larger than 0\.3 MB"):
        download(data_dir, server.url, max_bytes=300_000)
    assert_nothing_kept(data_dir)


def test_a_disk_without_room_is_told_before_the_download(
    server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=2 * len(server.body))  # the import needs more
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DatasetError, match=r"1\.2 MB free.*need 1\.5 MB"):
        download(data_dir, server.url)
    assert held(data_dir) == 0


def test_a_folder_that_cannot_be_written_is_a_sentence(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match=r"cannot be written.*AGEMODEL_DATA"):
        download(tmp_path / "data", server.url)


def test_the_checksum_is_checked(server: Server, data_dir: Path) -> None:
    right = hashlib.sha256(server.body).hexdigest()
    with pytest.raises(DatasetError, match=right):
        download(data_dir, server.url, sha256=64 * "0")
    assert_nothing_kept(data_dir)
    with pytest.raises(DatasetError, match="64 hexadecimal"):
        download(data_dir, server.url, sha256="abc")
    with pytest.raises(DatasetError, match="of one archive"):
        download(data_dir, None, sha256=right)
    assert len(server.asked) == 1
    download(data_dir, server.url, sha256=right.upper())
    assert_imported(data_dir)


def test_without_the_terms_accepted_nothing_happens(
    server: Server, data_dir: Path
) -> None:
    with pytest.raises(LicenceNotAccepted, match="non-commercial"):
        download(data_dir, server.url, licence_accepted=False)
    assert server.asked == []
    assert not data_dir.exists()


def test_two_downloads_at_once_are_refused(server: Server, data_dir: Path) -> None:
    server.plan = [Answer(stall_after=300_000)]
    thread = threading.Thread(target=download, args=(data_dir, server.url))
    thread.start()
    until(lambda: held(data_dir) == 300_000)
    with pytest.raises(DatasetError, match="Another download"):
        download(data_dir, server.url)
    server.released.set()
    thread.join()
    assert_imported(data_dir)


def test_a_dataset_that_was_there_survives_a_failed_download(
    server: Server, data_dir: Path, tmp_path: Path
) -> None:
    import_dataset(write_folder(tmp_path / "source", faces(3)), data_dir)
    server.always = Answer(headers={"Content-Length": "300000"})
    with pytest.raises(DatasetError):
        download(data_dir, server.url)
    assert len(read_index(data_dir)) == 3


def test_secrets_in_an_address_are_neither_told_nor_stored(
    server: Server, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = server.url.replace("//", "//anne:hush@") + "?token=hush"
    server.plan = [Answer(stop_after=1000) for _ in range(4)]
    errors = []
    for status in (None, 404, 503):
        server.always = Answer(status=status, stop_after=1000)
        with pytest.raises(DatasetError) as failed:
            download(data_dir, url)
        errors.append(repr(failed.value))
    errors.append((data_dir / "download" / "partial.json").read_text())
    assert server.asked[0]["Authorization"].startswith("Basic ")
    assert "hush" not in "".join(errors) + caplog.text
    assert "127.0.0.1" in errors[0]


# ---------------------------------------------------------------- Kaggle's client


@pytest.fixture
def kaggle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    return replace_kagglehub(tmp_path, monkeypatch)


def test_the_mirror_is_fetched_by_kaggles_client(
    kaggle: SimpleNamespace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TQDM_DISABLE", "1")  # a person's own setting changes nothing
    told: list[tuple[int, int | None, str]] = []
    report = download(data_dir, None, progress=lambda *step: told.append(step))
    assert (report.imported.usable, report.imported.rejects) == (FACES, ())
    assert_imported(data_dir)
    assert kaggle.calls()[0][0] == "jangedoo/utkface-new"
    assert (1_000_000, 1_000_000, "unpacking") in told
    assert any(0 < done < 1_000_000 == total for done, total, _ in told)


def test_a_kept_mirror_is_named(kaggle: SimpleNamespace, data_dir: Path) -> None:
    report = download(data_dir, None, keep=True)
    assert report.kept is not None
    assert len(list(report.kept.iterdir())) == FACES


def test_a_client_whose_connection_drops_is_started_again(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("drop", "503", "whole")
    download(data_dir, None)
    assert_imported(data_dir)
    assert len(kaggle.calls()) == 3


@pytest.mark.parametrize(
    ("act", "named"),
    [
        ("403", "wants a login"),
        ("404", "no data set jangedoo/utkface-new"),
        ("odd", r"failed \(ZeroDivisionError\)"),
    ],
)
def test_a_client_that_fails_is_a_sentence(
    act: str, named: str, kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act(act)
    with pytest.raises(DatasetError, match=named) as failed:
        download(data_dir, None)
    assert "data import" in str(failed.value)
    assert "hush" not in repr(failed.value)
    assert len(kaggle.calls()) == 1


def test_a_client_whose_disk_is_full_is_told_as_such(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("full")
    with pytest.raises(DatasetError, match=rf"disk of {data_dir} is full\. Free some"):
        download(data_dir, None)
    kaggle.act("whole")
    download(data_dir, None)
    assert_imported(data_dir)


def test_a_cancelled_client_is_ended(kaggle: SimpleNamespace, data_dir: Path) -> None:
    kaggle.act("stall", "whole")
    cancel = threading.Event()
    times: list[float] = []

    def cancel_later() -> None:
        until(lambda: stalls(data_dir))
        times.append(time.monotonic())
        cancel.set()

    threading.Thread(target=cancel_later).start()
    with pytest.raises(DownloadCancelled):
        download(data_dir, None, cancel=cancel)
    assert time.monotonic() - times[0] < STALL_S / 4
    ((_, client),) = kaggle.calls()
    assert not alive(client)
    download(data_dir, None)
    assert_imported(data_dir)


def test_a_client_whose_parent_is_killed_ends_too(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("stall")
    code = (
        "import sys; from pathlib import Path; "
        "from agemodel.dataset.download import download_dataset; "
        "download_dataset(Path(sys.argv[1]), licence_accepted=True)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(data_dir)], cwd=paths.ROOT
    )
    until(lambda: stalls(data_dir))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    ((_, client),) = kaggle.calls()
    until(lambda: not alive(client))


def stalls(data_dir: Path) -> bool:
    """Whether the stand-in has come to where it says nothing more."""
    found = list(data_dir.glob("download/kaggle/datasets/**/*.archive"))
    if not found or found[0].stat().st_size < 500_000:
        return False
    time.sleep(0.3)
    return True


def alive(process: str) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        stat = Path("/proc", process, "stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_mirror_that_does_not_fit_is_refused(
    kaggle: SimpleNamespace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match="larger than"):
        download(data_dir, None, max_bytes=900_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000))
    with pytest.raises(DatasetError, match="Make room"):
        download(data_dir, None)


def test_without_kaggles_client_a_sentence_says_how_to_install_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DatasetError, match="pip install kagglehub"):
        download(data_dir, None)
