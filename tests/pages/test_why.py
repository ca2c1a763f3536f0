"""The part of a face's card that tells why."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.serving import annotation
from tests.harness.app_pages import written
from tests.harness.fakes import FakeEstimator, png_with_faces
from tests.harness.made_models import (
    FACES,
    faces_table,
    import_train_faces,
    train_file,
    write_model,
)
from ui import served_model
from ui.estimate import photo_views, why

AGES = [20, 27, 28, 30, 31, 33, 36, 70]


@pytest.fixture(autouse=True)
def caches() -> None:
    """Other tests may have left what they loaded."""
    served_model._neighbours.clear()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model with training faces, and no dataset."""
    monkeypatch.setenv("AGEMODEL_MODELS", str(tmp_path))
    return write_model(tmp_path / DEFAULT_MODEL, faces_table(AGES))


@pytest.fixture
def dataset(model: Path, tmp_path: Path) -> Path:
    """The pictures of those faces, too; the folder of the dataset."""
    return import_train_faces(tmp_path, AGES)


def card_part(explains: bool = True) -> None:
    """The script under test: the part of the card of a face of 30."""
    from dataclasses import replace

    from tests.harness.fakes import FakeEstimator, photo_with_faces
    from ui.estimate.why import show_why

    (face,) = FakeEstimator(explains=explains).estimate(photo_with_faces(30))
    show_why(3, replace(face, age_years=30.4), "face")


def drawn(*, opened: bool = True, explains: bool = True) -> AppTest:
    page = AppTest.from_function(card_part, kwargs={"explains": explains})
    if opened:
        page.session_state["face_why"] = True
    page.run()
    assert not page.exception
    return page


def captions(page: AppTest) -> list[str]:
    """Of the pictures that have one: those of the dataset."""
    found = [image.proto.imgs[0].caption for image in page.get("image")]
    return [caption for caption in found if caption]


def test_closed_part_computes_nothing(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("computed before it was asked for")

    monkeypatch.setattr(annotation, "heatmap_overlay", fail)
    monkeypatch.setattr(served_model, "neighbours", fail)
    page = drawn(opened=False)
    assert [part.label for part in page.expander] == [why.TITLE]
    assert not written(page)


def test_model_that_explains_nothing_has_no_part(model: Path) -> None:
    page = drawn(explains=False)
    assert not page.expander
    assert not written(page)


def test_map_stands_beside_the_face_with_its_legend_and_its_limits(model: Path) -> None:
    text = written(drawn())
    assert "Orange makes it look older" in text
    assert "blue younger" in text
    # the largest value of `fakes.HEATMAP`, which has 3 by 3 places
    assert "where the colour is deepest, by 1.5 years" in text
    assert "which of the 3 by 3 places of the network's last feature map" in text
    assert "not about how people age" in text


def test_faces_most_alike_stand_with_their_labels_and_their_median(
    dataset: Path,
) -> None:
    page = drawn()
    shown = captions(page)
    assert shown[0] == "30 M"  # 30 itself; even ages are labelled 0, male
    assert set(shown) == {"27 F", "28 M", "30 M", "31 F", "33 F", "36 M"}
    # (30 + 31) / 2; the estimate is 30.4
    assert "The median of their ages is **30.5**; the estimate is **30**" in written(
        page
    )
    assert "not the same person or a relative" in written(page)


def test_without_the_dataset_the_labels_stand_alone_and_the_command_is_named(
    model: Path,
) -> None:
    page = drawn()
    assert not captions(page)
    text = written(page)
    assert ":gray-badge[30 M] :gray-badge[31 F]" in text
    assert "python -m agemodel data import" in text
    assert "The median of their ages is **30.5**" in text


def test_picture_that_cannot_be_read_leaves_the_labels(dataset: Path) -> None:
    (picture,) = dataset.rglob(train_file(31))
    picture.write_bytes(b"no picture")
    page = drawn()
    assert not captions(page)
    assert ":gray-badge[31 F]" in written(page)
    assert "Their pictures cannot be shown" in written(page)


@pytest.mark.parametrize("damage", ["missing", "damaged", "not exported"])
def test_faces_that_cannot_be_loaded_are_a_sentence_below_the_map(
    model: Path, damage: str
) -> None:
    if damage == "missing":
        (model / FACES).unlink()
    elif damage == "damaged":
        (model / FACES).write_bytes(b"no table")
    else:
        write_model(model)
    text = written(drawn())
    assert "Orange makes it look older" in text
    assert "python -m agemodel export" in text
    assert "median" not in text


def test_page_shows_a_part_on_every_card(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_model, "estimator", lambda: FakeEstimator(explains=True))
    page_file = Path(__file__).resolve().parents[2] / "pages" / "estimate.py"
    page = AppTest.from_file(page_file, default_timeout=30).run()
    photo = ("a.png", png_with_faces(30, 55), "image/png")
    page.file_uploader[0].set_value([photo]).run()
    assert [part.label for part in page.expander] == [photo_views.TABLE] + [
        why.TITLE
    ] * 2
    page.session_state["estimate_face_0_0_0_why"] = True  # face 1, of 30 px
    page.run()
    assert not page.exception
    assert written(page).count("The median of their ages is **30.5**") == 1
