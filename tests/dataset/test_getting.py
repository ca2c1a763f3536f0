"""Images got in the background, from the disk and from servers that misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agemodel.core.errors import DatasetError
from agemodel.dataset import archive as archive_module
from agemodel.dataset import getting, url_download
from agemodel.dataset.archive import import_dataset
from agemodel.dataset.download import LicenceNotAccepted
from agemodel.dataset.getting import (
    ADDRESS,
    CANCELLED,
    DISK,
    DONE,
    DOWNLOAD,
    FAILED,
    IMPORT,
    MIRROR,
    RUNNING,
    Getter,
    Snapshot,
    Wanted,
)
from agemodel.dataset.index import read_index
from tests.harness.archive_server import (
    HALF,
    STALL_S,
    Answer,
    Server,
)
from tests.harness.dataset_archives import (
    face_name,
    faces,
    tiny_jpeg,
    write_folder,
    write_tar,
)
from tests.harness.waiting import wait_until


@pytest.fixture
def getter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Getter]:
    monkeypatch.setattr(url_download, "TIMEOUTS_S", (5, STALL_S))
    getter = Getter()
    yield getter
    getter.cancel()
    ended(getter)


def start(getter: Getter, wanted: Wanted, data_dir: Path) -> None:
    getter.start(wanted, data_dir, licence_accepted=True)


def ended(getter: Getter) -> Snapshot:
    wait_until(lambda: getter.snapshot().phase != RUNNING)
    return getter.snapshot()


def at(server: Server) -> Wanted:
    return Wanted(ADDRESS, server.url)


def test_path_on_the_disk_becomes_the_dataset(
    getter: Getter, data_dir: Path, tmp_path: Path
) -> None:
    files = [*faces(2), (face_name(7)[:-8] + "png", b"x")]
    source = write_tar(tmp_path / "UTKFace.tar.gz", files)
    start(getter, Wanted(DISK, str(source)), data_dir)
    job = ended(getter)
    assert (job.phase, job.step, job.problem) == (DONE, IMPORT, "")
    assert job.done_bytes == job.total_bytes == source.stat().st_size
    assert job.report is not None
    assert job.report.words == "2 faces, 1 refused"
    assert len(read_index(data_dir)) == 2


def test_home_of_the_user_is_understood(
    getter: Getter, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_folder(tmp_path / "source", faces(1))
    start(getter, Wanted(DISK, "~/source"), data_dir)
    report = ended(getter).report
    assert report is not None and report.words == "1 face, none refused"


def test_download_from_an_address_is_told_and_cancelled_and_starts_anew(
    getter: Getter, server: Server, data_dir: Path
) -> None:
    server.plan = [Answer(stall_after=HALF)]
    start(getter, at(server), data_dir)
    wait_until(lambda: getter.snapshot().done_bytes == HALF)
    job = getter.snapshot()
    assert (job.phase, job.step, job.text) == (RUNNING, DOWNLOAD, "downloading")
    assert job.total_bytes == len(server.body)
    getter.cancel()
    assert getter.snapshot().cancelling
    server.released.set()  # in place of the timeout
    job = ended(getter)
    assert (job.phase, job.cancelling) == (CANCELLED, False)
    assert "begins anew" in job.problem
    start(getter, job.wanted, data_dir)
    assert ended(getter).phase == DONE


def test_cancelled_import_leaves_what_was_there(
    getter: Getter, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_dataset(write_folder(tmp_path / "old", faces(3)), data_dir)
    entered, go_on = threading.Event(), threading.Event()

    def slow_members(*args: object) -> Iterator[object]:
        entered.set()
        assert go_on.wait(STALL_S)
        yield from members(*args)

    members = archive_module.iter_members
    monkeypatch.setattr(archive_module, "iter_members", slow_members)
    source = write_tar(tmp_path / "new.tar.gz", faces(5))
    start(getter, Wanted(DISK, str(source)), data_dir)
    assert entered.wait(STALL_S)
    getter.cancel()
    go_on.set()
    job = ended(getter)
    assert job.phase == CANCELLED
    assert "Nothing of it is left" in job.problem
    assert len(read_index(data_dir)) == 3
    assert len(list(data_dir.glob("utkface-*"))) == 1


def test_one_job_runs_at_a_time(
    getter: Getter, server: Server, data_dir: Path, tmp_path: Path
) -> None:
    server.plan = [Answer(stall_after=HALF)]
    start(getter, at(server), data_dir)
    source = write_folder(tmp_path / "source", faces(1))
    with pytest.raises(DatasetError, match="fetched already"):
        start(getter, Wanted(DISK, str(source)), data_dir)
    wait_until(lambda: getter.snapshot().done_bytes == HALF)
    other = Getter()  # like one of another process
    start(other, at(server), data_dir)
    assert "Another download" in ended(other).problem
    getter.cancel()
    server.released.set()
    assert ended(getter).phase == CANCELLED


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (Wanted(DISK, ""), "Give the path"),
        (Wanted(DISK, "/no/such/archive"), "no archive or folder at /no/such"),
        (Wanted(DISK, "/dev/zero"), "no archive or folder"),
        (Wanted(DISK, "\0"), "no archive or folder"),
        (Wanted(DISK, "x" * 300), "no archive or folder"),
        (Wanted(ADDRESS, ""), "must begin with http"),
        (Wanted(ADDRESS, "file:///etc/passwd"), "must begin with http"),
        (Wanted(ADDRESS, "http://h/x", "abc"), "64 hexadecimal"),
    ],
)
def test_what_cannot_come_to_anything_is_not_started(
    wanted: Wanted, named: str, getter: Getter, data_dir: Path
) -> None:
    with pytest.raises(DatasetError, match=named):
        start(getter, wanted, data_dir)
    assert getter.snapshot() == Snapshot()
    assert not data_dir.exists()


def test_without_the_terms_accepted_nothing_is_started(
    getter: Getter, data_dir: Path
) -> None:
    with pytest.raises(LicenceNotAccepted, match="terms"):
        getter.start(Wanted(MIRROR), data_dir, licence_accepted=False)
    assert getter.snapshot() == Snapshot()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_fault_of_the_program_ends_the_job_too(
    getter: Getter, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(getting, "import_dataset", fail)
    source = write_folder(tmp_path / "source", faces(1))
    start(getter, Wanted(DISK, str(source)), data_dir)
    job = ended(getter)
    assert job.phase == FAILED
    assert "a fault of this program" in job.problem
    monkeypatch.undo()
    start(getter, job.wanted, data_dir)
    assert ended(getter).phase == DONE


def test_secrets_in_an_address_are_not_in_its_name() -> None:
    wanted = Wanted(ADDRESS, "https://anne:hush@host/UTKFace.zip?token=hush")
    assert wanted.name == "https://host/UTKFace.zip"
    assert Wanted(MIRROR).name == "the mirror on Kaggle"


# ---------------------------------------------------------------- rate and time left


class Clock:
    """Stands for the module `time`."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(getting, "time", clock)
    return clock


def test_rate_is_that_of_the_last_seconds(clock: Clock) -> None:
    rate = getting._Rate()
    for second in range(20):  # 1 kB/s for 10 s, then 5 kB/s
        rate.add(1000 * second if second < 10 else 9000 + 5000 * (second - 9))
        clock.now += 1
    # One sample before the window of 6 s stays: that of 7 s ago, 6 steps back; since
    # then 6 * 5 kB have come, the last of them 1 s ago.
    assert rate.bytes_per_s() == pytest.approx(30_000 / 7)
    clock.now += 53
    assert rate.bytes_per_s() == 0  # nothing has come in the last seconds


def test_time_left_needs_a_total_and_a_rate() -> None:
    job = Snapshot(done_bytes=100, total_bytes=400, bytes_per_s=50.0)
    assert job.seconds_left == 6  # 300 bytes at 50 a second
    assert Snapshot(done_bytes=100, bytes_per_s=50.0).seconds_left is None
    assert Snapshot(total_bytes=400, bytes_per_s=0.0).seconds_left is None
    assert Snapshot(total_bytes=400).seconds_left is None


def test_result_is_in_words_that_fit_the_numbers(
    data_dir: Path, tmp_path: Path
) -> None:
    one = import_dataset(write_folder(tmp_path / "one", faces(1)), data_dir)
    assert one.words == "1 face, none refused"
    assert "1 usable image, 0 rejects" in one.sentence
    assert one.notes == "1 image is in no split."
    files = [*faces(1200), ("a.jpg", tiny_jpeg()), ("b/.DS_Store", b"x")]
    many = import_dataset(write_folder(tmp_path / "many", files), data_dir)
    assert many.words == "1,200 faces, 1 refused"
    assert "1,200 usable images, 1 reject," in many.sentence
    assert "1 file of the system's own was skipped." in many.notes
