from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from fakes import FakeEstimator, png_with_faces

from agemodel import uploads
from agemodel.batches import Batch
from agemodel.errors import ImageError
from agemodel.results import PhotoResult
from agemodel.uploads import Upload


def finish(batch: Batch, estimator: FakeEstimator) -> list[PhotoResult]:
    while batch.step(estimator) is not None:
        pass
    return batch.results


def test_photos_are_judged_one_by_one_in_their_order() -> None:
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


def test_same_photo_is_judged_once_and_listed_under_each_name() -> None:
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
    batch.add_upload(Upload("sample.png", lambda: content, ("She was 30.",)))
    batch.add([("mine.png", content)])
    sample, mine = finish(batch, FakeEstimator())
    assert sample.notes == ("She was 30.",)
    assert mine.notes == ()


def test_overlapping_runs_lose_and_repeat_nothing() -> None:
    class Slow(FakeEstimator):
        def estimate(self, rgb: np.ndarray) -> list:
            time.sleep(0.002)
            return super().estimate(rgb)

    batch, fake = Batch(), Slow()
    batch.add([(f"{w}.png", png_with_faces(w)) for w in range(10, 50)])
    runs = [threading.Thread(target=finish, args=(batch, fake)) for _ in range(4)]
    for run in runs:
        run.start()
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
    assert "a.png could not be judged" in str(failed.error)
    assert fine.error is None


def test_result_may_be_judged_again() -> None:
    batch, fake = Batch(), FakeEstimator()
    batch.add([("a.png", png_with_faces())])
    finish(batch, fake)
    (entry,) = batch.entries
    batch.redo(entry, lambda result: PhotoResult(result.name, error="again"))
    assert (batch.results[0].error, entry.version) == ("again", 1)


def test_failed_second_judgement_keeps_the_first() -> None:
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
    monkeypatch.setattr("agemodel.batches.MAX_PHOTOS", 2)
    assert uploads.MAX_PHOTOS > 2
    batch = Batch()
    batch.add([("a.png", b""), ("b.png", b"")])
    batch.add([("c.png", b""), ("d.png", b"")])
    *_, last = finish(batch, FakeEstimator())
    assert len(batch.entries) == 3
    assert "2 files were left out" in str(last.error)
