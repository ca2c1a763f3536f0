"""Downloads against a server of our own on 127.0.0.1 that misbehaves as it is told."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from agemodel.core import paths
from agemodel.core.errors import DatasetError
from agemodel.dataset import download as download_module
from agemodel.dataset import url_download
from agemodel.dataset.download import (
    DownloadReport,
    LicenceNotAccepted,
    download_dataset,
    mirror_is_begun,
)
from agemodel.dataset.index import read_index
from agemodel.jobs.processes import birth_of
from tests.harness.archive_server import FACES, HALF, Answer, Server, replace_kagglehub
from tests.harness.dataset_archives import faces, write_tar, write_zip
from tests.harness.made_archives import zip_of
from tests.harness.waiting import wait_until


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_download, "TIMEOUTS_S", (5, 5))


def download(data_dir: Path, url: str | None, **options: object) -> DownloadReport:
    settings: dict = {"licence_accepted": True}
    return download_dataset(data_dir, url, **(settings | options))


def assert_imported(data_dir: Path) -> None:
    """The faces are there, and nothing of the download is."""
    assert len(read_index(data_dir)) == FACES
    assert not (data_dir / "download").exists()


CODE = (
    "import sys; from pathlib import Path; "
    "from agemodel.dataset.download import download_dataset; "
    "download_dataset(Path(sys.argv[1]), *sys.argv[2:], licence_accepted=True)"
)


def begun_elsewhere(data_dir: Path, *url: str) -> subprocess.Popen[bytes]:
    """A download in a process of its own."""
    command = [sys.executable, "-c", CODE, str(data_dir), *url]
    return subprocess.Popen(command, cwd=paths.ROOT)


def assert_nothing_kept(data_dir: Path) -> None:
    with pytest.raises(DatasetError, match="There is no dataset yet"):
        read_index(data_dir)
    assert not (data_dir / "download").exists()


class Stop(DatasetError):
    """What a progress function raises here to cancel."""


def stop(*_: object) -> None:
    raise Stop


def stop_half_way(done: int, *_: object) -> None:
    if done >= HALF:
        raise Stop


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
    assert told[0] == (0, None, "connecting")
    assert told[-1] == (size, size, "downloading")
    assert len({step[0] for step in told}) > 8  # over 600 kB in chunks of 64 KiB
    assert [step[0] for step in told] == sorted(step[0] for step in told)
    assert imported[-1] == (size, size, f"{FACES} images")
    (asked,) = server.asked
    assert asked["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_every_kind_of_archive_that_is_imported_is_downloaded(
    kind: str, server: Server, data_dir: Path, tmp_path: Path
) -> None:
    write = write_zip if kind == "zip" else write_tar
    server.body = write(tmp_path / f"x.{kind}", faces(FACES)).read_bytes()
    download(data_dir, server.url)
    assert_imported(data_dir)


def test_a_body_without_a_stated_length_is_read_to_its_end(
    server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.always = Answer(chunked=True)
    told = []
    # chunks of 1,000 bytes must not count as more than they are
    size = len(server.body)
    monkeypatch.setattr(download_module, "MAX_BYTES", size)
    download(data_dir, server.url, progress=lambda *step: told.append(step))
    assert_imported(data_dir)
    assert {total for _, total, _ in told} == {None}
    assert told[-1][0] == size


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


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "UTKFace-archive"),
        ("/arriving", "UTKFace-archive"),
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


# ---------------------------------------------------------------- cut off


@pytest.mark.parametrize(
    "answer",
    [
        Answer(stop_after=HALF),
        Answer(chunked=True, stop_after=HALF),
        Answer(headers={"Content-Length": "700000"}),  # longer than the file
    ],
    ids=["cut off", "cut off without a length", "shorter than stated"],
)
def test_a_connection_that_breaks_is_a_sentence_and_the_next_starts_anew(
    answer: Answer, server: Server, data_dir: Path
) -> None:
    server.plan = [answer]
    with pytest.raises(DatasetError, match=r"broke after .* MB\. .* begins anew"):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)
    download(data_dir, server.url)
    assert_imported(data_dir)


def test_what_a_killed_process_left_is_swept(server: Server, data_dir: Path) -> None:
    server.plan = [Answer(stall_after=HALF)]
    process = begun_elsewhere(data_dir, server.url + "-of-old")
    wait_until(lambda: any(one.stat().st_size for one in data_dir.rglob("*-of-old")))
    process.kill()
    process.wait()
    assert (data_dir / "download").exists()
    download(data_dir, server.url)
    assert_imported(data_dir)


def test_a_server_that_is_not_there_is_a_sentence(data_dir: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x.zip"
        with pytest.raises(DatasetError, match="cannot be reached"):
            download(data_dir, url)


@pytest.mark.parametrize(
    ("after", "named"), [(0, "cannot be reached"), (HALF, "broke after")]
)
def test_a_server_that_falls_silent_times_out(
    after: int,
    named: str,
    server: Server,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.always = Answer(stall_after=after)
    monkeypatch.setattr(url_download, "TIMEOUTS_S", (0.2, 0.2))
    with pytest.raises(DatasetError, match=named):
        download(data_dir, server.url)


# ---------------------------------------------------------------- cancelled


@pytest.mark.parametrize(
    "option",
    [
        {"progress": stop},
        {"progress": stop_half_way},
        {"import_progress": stop},
    ],
    ids=["before it began", "half way", "while importing"],
)
def test_a_cancelled_download_leaves_nothing(
    option: dict, server: Server, data_dir: Path
) -> None:
    with pytest.raises(Stop):
        download(data_dir, server.url, **option)
    assert_nothing_kept(data_dir)
    assert list(data_dir.glob("utkface-*")) == []
    assert len(server.asked) == (option != {"progress": stop})


def test_a_download_is_cancelled_though_the_server_is_silent(
    server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url_download, "TIMEOUTS_S", (5, 0.2))
    server.always = Answer(stall_after=HALF)
    cancelled = threading.Event()

    def progress(done: int, total: int | None, text: str) -> None:
        if cancelled.is_set():
            raise Stop
        if done == HALF:
            cancelled.set()  # from now on, nothing more comes

    with pytest.raises(Stop):
        download(data_dir, server.url, progress=progress)
    assert_nothing_kept(data_dir)


# ---------------------------------------------------------------- refused

NO_ARCHIVE = r"is not a \.tar\.gz.*a page may have"


def led_to(location: str) -> Answer:
    return Answer(status=302, headers={"Location": location}, body=b"")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (Answer(headers={"Content-Length": "300000"}), "damaged or cut short"),
        (Answer(body=b"<html>Please sign in</html>"), NO_ARCHIVE),
        (Answer(body=b"\x89PNG\r\n\x1a\n" + bytes(2000)), NO_ARCHIVE),
        (Answer(body=b""), NO_ARCHIVE),
        (Answer(body=zip_of(("readme.txt", b"hello"))), "holds no image of UTKFace"),
        (led_to((paths.ROOT / "README.md").as_uri()), "InvalidSchema"),
        (led_to("/again"), "TooManyRedirects"),
    ],
    ids=["cut", "page", "picture", "nothing", "other", "redirect to a file", "circle"],
)
def test_what_is_no_archive_of_the_faces_is_refused(
    answer: Answer, named: str, server: Server, data_dir: Path
) -> None:
    server.always = answer
    with pytest.raises(DatasetError, match=named):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (404, "nothing under this"),
        (403, "login"),
        (401, "login"),
        (418, "did not answer with a file"),
        (503, "out of order"),
    ],
)
def test_a_refusal_says_what_to_do(
    status: int, named: str, server: Server, data_dir: Path
) -> None:
    server.always = Answer(status=status)
    with pytest.raises(DatasetError, match=named) as refused:
        download(data_dir, server.url)
    assert f"HTTP {status}" in str(refused.value)
    assert "data import" in str(refused.value)
    assert_nothing_kept(data_dir)


def test_a_redirect_is_followed(server: Server, data_dir: Path) -> None:
    server.plan = [led_to("/there")]
    report = download(data_dir, server.url)
    assert report.imported.source == "UTKFace.tar.gz"
    assert [asked["path"] for asked in server.asked] == ["/UTKFace.tar.gz", "/there"]


@pytest.mark.parametrize(
    "url",
    ["file:///etc/hosts", "ftp://h/x", "/x.zip", "x.zip", "http://", "http://[::1", ""],
)
def test_addresses_that_are_not_http_are_refused(url: str, data_dir: Path) -> None:
    with pytest.raises(DatasetError, match="must begin with http"):
        download(data_dir, url)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_over_the_cap_is_refused(
    chunked: bool, server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "MAX_BYTES", 300_000)
    server.always = Answer(chunked=chunked)
    with pytest.raises(DatasetError, match=r"larger than 0\.3 MB"):
        download(data_dir, server.url)
    assert_nothing_kept(data_dir)


def test_a_disk_without_room_is_told_before_the_download(
    server: Server, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=2 * len(server.body))  # the import needs more
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    told = []
    with pytest.raises(DatasetError, match=r"1\.2 MB free.*need 1\.4 MB"):
        download(data_dir, server.url, progress=lambda done, *_: told.append(done))
    assert set(told) == {0}


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
    def download_too(*_: object) -> None:
        with pytest.raises(DatasetError, match="Another download"):
            download(data_dir, server.url)

    download(data_dir, server.url, progress=download_too)
    assert_imported(data_dir)


def test_secrets_in_an_address_are_neither_told_nor_logged(
    server: Server, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = server.url.replace("//", "//anne:hush@") + "?token=hush"
    errors = []
    for status in (200, 404, 503):
        server.always = Answer(status=status, stop_after=1000)
        with pytest.raises(DatasetError) as failed:
            download(data_dir, url)
        errors.append(repr(failed.value))
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
    assert told[0] == (0, None, "asking Kaggle")
    assert told[-1] == (1_000_000, 1_000_000, "unpacking")


def test_a_client_whose_connection_drops_goes_on_when_started_again(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("drop", "503", "whole")
    for _ in range(2):
        with pytest.raises(DatasetError, match="goes on from what has come"):
            download(data_dir, None)
        assert mirror_is_begun(data_dir)
    told = []
    download(data_dir, None, progress=lambda *step: told.append(step))
    assert told[0] == (500_000, None, "asking Kaggle")
    assert_imported(data_dir)
    assert not mirror_is_begun(data_dir)


@pytest.mark.parametrize(
    ("act", "named"),
    [
        ("403", "wants a login"),
        ("404", r"failed \(\w+\)\. Bring it up to date: .* pip install"),
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


def test_a_cancelled_client_is_ended_though_it_stalls(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("stall", "whole")

    def progress(*_: object) -> None:
        if kaggle.stalled.exists():
            raise Stop

    with pytest.raises(Stop):
        download(data_dir, None, progress=progress)
    ((_, client),) = kaggle.calls()
    assert birth_of(int(client)) is None
    download(data_dir, None)
    assert_imported(data_dir)


def test_a_cancelled_import_leaves_the_mirror_for_the_next_time(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    with pytest.raises(Stop):
        download(data_dir, None, import_progress=stop)
    assert mirror_is_begun(data_dir)
    assert list(data_dir.glob("utkface-*")) == []


def test_a_client_whose_parent_is_killed_ends_too(
    kaggle: SimpleNamespace, data_dir: Path
) -> None:
    kaggle.act("stall")
    parent = begun_elsewhere(data_dir)
    wait_until(kaggle.stalled.exists)
    parent.kill()
    parent.wait()
    ((_, client),) = kaggle.calls()
    wait_until(lambda: birth_of(int(client)) is None)


def test_a_mirror_that_does_not_fit_is_refused(
    kaggle: SimpleNamespace, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as smaller:
        smaller.setattr(download_module, "MAX_BYTES", 900_000)
        with pytest.raises(DatasetError, match="larger than"):
            download(data_dir, None)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2_000_000))
    with pytest.raises(DatasetError, match="Make room"):
        download(data_dir, None)
