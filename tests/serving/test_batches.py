from __future__ import annotations

import threading

import numpy as np
import pytest

from agemodel.core.errors import ImageError
from agemodel.serving import Batch, PhotoResult, Upload
from tests.harness.fakes import FakeEstimator, png_with_faces
from tests.harness.made_archives import MB, zip_of


def finish(batch: Batch, estimator: FakeEstimator) -> list[PhotoResult]:
    while batch.step(estimator) is not None:
        pass
    return batch.results


def test_photos_are_estimated_one_by_one_in_their_order() -> None:
    batch = Batch()
    batch.add([("a.png", png_with_faces(30)), ("b.png", png_with_faces(40, 50))])
    assert batch.waiting_count == 2
    entry = batch.step(FakeEstimator())
    assert entry is not None
    assert entry.name == "a.png"
    assert [result.name for result in batch.results] == ["a.png"]
    assert batch.waiting_count == 1


def test_broken_file_is_a_line_and_the_rest_is_done() -> None:
    batch = Batch()
    batch.add([("bad.jpg", b"bad"), ("good.png", png_with_faces(30))])
    bad, good = finish(batch, FakeEstimator())
    assert bad.error is not None
    assert len(good.estimates) == 1


def test_same_photo_is_estimated_once_and_listed_under_each_name() -> None:
    batch, fake = Batch(), FakeEstimator()
    content = png_with_faces(30)
    batch.add([("a.png", content), ("b.png", content)])
    results = finish(batch, fake)
    assert fake.calls == 1
    assert [result.name for result in results] == ["a.png", "b.png"]


def test_same_broken_bytes_name_each_file_in_its_own_sentence() -> None:
    batch = Batch()
    batch.add([("a.jpg", b"bad"), ("b.jpg", b"bad")])
    first, second = finish(batch, FakeEstimator())
    assert str(first.error).startswith("a.jpg")
    assert str(second.error).startswith("b.jpg")


def test_notes_of_an_upload_belong_to_that_upload_alone() -> None:
    batch = Batch()
    content = png_with_faces(30)
    batch.add_uploads([Upload("sample.png", lambda: content, ("She was 30.",))])
    batch.add([("mine.png", content)])
    sample, mine = finish(batch, FakeEstimator())
    assert sample.notes == ("She was 30.",)
    (note,) = mine.notes
    assert note.startswith("The same photo was brought before")


def test_overlapping_runs_lose_and_repeat_nothing() -> None:
    all_run = threading.Event()

    class Held(FakeEstimator):
        def estimate(self, rgb: np.ndarray) -> list:
            assert all_run.wait(20)
            return super().estimate(rgb)

    batch, fake = Batch(), Held()
    batch.add([(f"{w}.png", png_with_faces(w)) for w in range(10, 50)])
    runs = [threading.Thread(target=finish, args=(batch, fake)) for _ in range(4)]
    for run in runs:
        run.start()
    all_run.set()
    for run in runs:
        run.join()
    assert fake.calls == 40
    ages = [result.estimates[0].age_years for result in batch.results]
    assert ages == list(range(10, 50))


def test_failure_of_the_program_is_raised_once_and_the_rest_goes_on() -> None:
    class Failing(FakeEstimator):
        def estimate(self, rgb: np.ndarray) -> list:
            self.calls += 1
            if self.calls == 1:
                raise ZeroDivisionError
            return super().estimate(rgb)

    batch, fake = Batch(), Failing()
    batch.add([("a.png", png_with_faces(30)), ("b.png", png_with_faces(40))])
    with pytest.raises(ZeroDivisionError):
        batch.step(fake)
    failed, fine = finish(batch, fake)
    assert "a.png could not be estimated" in str(failed.error)
    assert fine.error is None


def test_result_may_be_estimated_again() -> None:
    batch, fake = Batch(), FakeEstimator()
    batch.add([("a.png", png_with_faces())])
    finish(batch, fake)
    (entry,) = batch.entries
    batch.redo(entry, lambda result: PhotoResult(result.name, error="again"))
    assert (batch.results[0].error, entry.version) == ("again", 1)


def test_failed_second_estimate_keeps_the_first() -> None:
    def fail(result: PhotoResult) -> PhotoResult:
        raise ImageError("no")

    batch = Batch()
    batch.add([("a.png", png_with_faces(30))])
    finish(batch, FakeEstimator())
    with pytest.raises(ImageError):
        batch.redo(batch.entries[0], fail)
    assert len(batch.results[0].estimates) == 1


def test_batch_holds_no_more_photos_than_the_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_PHOTOS", "2")
    batch = Batch()
    batch.add([("a.png", b""), ("b.png", b"")])
    batch.add([("c.png", b""), ("d.png", b"")])
    *_, last = finish(batch, FakeEstimator())
    assert len(batch.entries) == 3
    assert "2 files were left out" in str(last.error)


def test_bytes_that_wait_are_capped_until_they_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_WAITING_MB", "1")
    batch, fake = Batch(), FakeEstimator()
    batch.add([("a.png", bytes(MB))])
    batch.add([("b.png", b"b")])
    assert batch.waiting_bytes == MB
    assert "at most 1 MB of files wait" in str(finish(batch, fake)[1].error)
    assert batch.waiting_bytes == 0
    batch.add([("b.png", png_with_faces(30))])
    assert finish(batch, fake)[2].error is None


def test_archive_counts_once_and_until_its_last_photo_is_done() -> None:
    batch, fake = Batch(), FakeEstimator()
    archive = zip_of(("a.png", png_with_faces(30)), ("b.png", png_with_faces(40)))
    batch.add([("t.zip", archive)])
    for waiting_bytes in (len(archive), len(archive), 0):
        assert batch.waiting_bytes == waiting_bytes
        batch.step(fake)


def test_faces_of_all_photos_are_capped_and_each_line_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_BATCH_FACES", "3")
    batch, fake = Batch(), FakeEstimator()
    photos = [png_with_faces(30, 40), png_with_faces(31, 41), png_with_faces(32)]
    batch.add([(f"{n}.png", photo) for n, photo in enumerate(photos)])
    *predicted, last = finish(batch, fake)
    assert [len(result.estimates) for result in predicted] == [2, 2]
    assert str(last.error).startswith("2.png was left out: at most 3 faces")
    assert fake.calls == 2  # what would not be kept is not estimated


def test_photo_can_be_estimated_no_sooner_than_it_has_its_entry() -> None:
    batch, fake = Batch(), FakeEstimator()

    class Slow(list):
        def append(self, entry: object) -> None:
            finish(batch, fake)  # as another run might just now
            super().append(entry)

    batch.entries = Slow()
    batch.add([("a.png", png_with_faces(30)), ("b.png", png_with_faces(40))])
    assert len(finish(batch, fake)) == 2
