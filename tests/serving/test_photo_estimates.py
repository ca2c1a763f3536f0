from __future__ import annotations

import csv
import json
import zipfile
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from agemodel import serving
from agemodel.core import paths
from agemodel.core.errors import ImageError
from agemodel.core.file_names import shown_name
from agemodel.images import downscale, encode_jpeg, encode_png, read_image
from agemodel.serving import (
    PhotoResult,
    annotate,
    annotated_zip,
    estimate_photo,
    estimate_turned_photo,
    estimate_whole_photo,
    results_csv,
    results_frame,
    results_json,
    to_record,
)
from agemodel.serving.annotation import (
    FAINT_YEARS,
    OLDER_RGB,
    YOUNGER_RGB,
    heatmap_overlay,
    heatmap_range_years,
)
from agemodel.serving.photo_estimates import PREVIEW_SIDE_PX
from agemodel.serving.result_tables import COLUMNS, NO_FACE, _own_names, annotated_name
from tests.harness.fakes import (
    TOO_SMALL,
    FakeEstimator,
    photo_with_faces,
    png_with_faces,
)
from tests.harness.naughty_names import naughty_names

FAKE = FakeEstimator()
UNREADABLE = estimate_photo(FAKE, b"", "empty.jpg")


def estimated(*widths: int, name: str = "a.png", lying: bool = False) -> PhotoResult:
    content = png_with_faces(*widths, lying=lying)
    return estimate_photo(FAKE, content, name, keep_preview=True)


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


def test_record_of_a_photo_states_its_size_and_its_faces_from_left_to_right() -> None:
    # blocks begin at x 10 and at 10 + 30 + 20 = 60, from y 30 to 130
    record = to_record(estimated(30, 50, name="two.png"))
    assert (record["file"], record["width"], record["height"]) == ("two.png", 320, 160)
    assert [face["box_xyxy"] for face in record["faces"]] == [
        [10.0, 30.0, 40.0, 130.0],
        [60.0, 30.0, 110.0, 130.0],
    ]
    assert record["faces"][1] == {
        "box_xyxy": [60.0, 30.0, 110.0, 130.0],
        "detection_score": 0.9,
        "age_years": 50.0,
        "age_low": 40.0,
        "age_high": 70.0,
        "age_group": "50-59",
        "p_female": 0.97,
        "gender": "female",
        "warnings": [],
        "reason": None,
        "doubtful": False,
    }
    assert record["error"] is None


def test_record_carries_what_the_page_says_of_photo_and_faces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "1")
    warned = FakeEstimator(warnings=("It is dark.",))
    content = png_with_faces(30, 50, lying=True)
    (record,) = json.loads(results_json([estimate_photo(warned, content, "a.png")]))
    assert record["faces"][0]["warnings"] == ["It is dark."]
    assert (record["faces_left_out"], record["quarter_turns"]) == (1, 1)
    on_its_side, left_out = record["notes"]
    assert "turned to the left to find a face" in on_its_side
    assert "of one photo at most the 1 largest are kept, so 1 was left out" in left_out


def test_table_leaves_the_age_out_and_says_why() -> None:
    estimator = FakeEstimator(no_age_below_px=40)
    photo = png_with_faces(30, 50)
    results = [estimate_photo(estimator, photo, "two.png")]
    (without, with_age) = read_csv(results_csv(results))
    assert (with_age["age_years"], with_age["warnings"]) == ("50.0", "")
    assert (without["age_years"], without["age_group"]) == ("", "")
    assert without["warnings"] == TOO_SMALL
    frame = results_frame(results)
    assert frame["age_years"].count() == 1
    assert frame["age_years"].mean() == 50


def test_file_that_is_no_picture_is_an_error_line() -> None:
    record = to_record(estimate_photo(FAKE, b"hello", "notes.txt"))
    assert record | {"error": ""} == {
        "file": "notes.txt",
        "width": None,
        "height": None,
        "faces": [],
        "error": "",
        "notes": [],
        "faces_left_out": 0,
        "quarter_turns": 0,
    }
    assert "notes.txt is not a picture" in record["error"]


def test_missing_path_is_an_error_line_under_its_name(tmp_path: Path) -> None:
    result = estimate_photo(FAKE, tmp_path / "gone.jpg")
    assert result.name == "gone.jpg"
    assert result.error is not None


def test_lying_photo_is_turned_and_says_so() -> None:
    # the photo was turned clockwise, so a turn to the left stands it up again
    result = estimated(30, lying=True)
    assert result.quarter_turns == 1
    assert "turned to the left" in result.notes[0]
    preview = result.preview_rgb
    assert preview.shape == (160, 320, 3)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_box_lies_in_the_frame_of_the_file_whatever_turns_it_took(turns: int) -> None:
    upright = photo_with_faces(30)
    stored = np.ascontiguousarray(np.rot90(upright, -turns))
    result = estimate_photo(FAKE, encode_png(stored), "a.png", keep_preview=True)
    # A block is upright in two of four directions; the fake finds it as it stands.
    assert result.quarter_turns == turns % 2
    x0, y0, x1, y1 = (round(side) for side in to_record(result)["faces"][0]["box_xyxy"])
    assert (result.width, result.height) == (stored.shape[1], stored.shape[0])
    assert (stored[y0:y1, x0:x1] == 255).all()
    assert (stored == 255).all(axis=2).sum() == (x1 - x0) * (y1 - y0)


def test_box_of_a_reduced_photo_is_in_pixels_of_the_file() -> None:
    # A JPEG is decoded at half its size when that still leaves 2,048 px each way. A
    # block 30 px wide and 100 high at (10, 30), all times 13: 390 x 1,300 at 130, 390.
    square = np.concatenate([photo_with_faces(30), photo_with_faces()])
    large = np.kron(square, np.ones((13, 13, 1), np.uint8))
    result = estimate_photo(FAKE, encode_jpeg(large), "large.jpg")
    assert (result.width, result.scale) == (4160, 2)
    box = to_record(result)["faces"][0]["box_xyxy"]
    assert box == pytest.approx([130, 390, 520, 1690], abs=8)


def test_box_is_cut_at_the_edges_of_the_file() -> None:
    face = FAKE._face(photo_with_faces(30), (-20, -5, 400, 90))
    result = PhotoResult("a", 320, 160, (face,), working_size=(320, 160))
    assert to_record(result)["faces"][0]["box_xyxy"] == [0.0, 0.0, 320.0, 90.0]


def test_aligned_takes_the_whole_picture_for_a_face() -> None:
    result = estimate_photo(FAKE, png_with_faces(), "crop.png", aligned=True)
    (face,) = to_record(result)["faces"]
    assert face["detection_score"] == 1.0
    assert face["box_xyxy"] == [0.0, 0.0, 320.0, 160.0]


def test_preview_is_kept_only_when_asked_for_and_is_small() -> None:
    content = encode_png(np.zeros((10, 2 * PREVIEW_SIDE_PX, 3), np.uint8))
    assert estimate_photo(FAKE, content).preview_jpeg is None
    result = estimate_photo(FAKE, content, keep_preview=True)
    preview = result.preview_rgb
    assert preview.shape == (5, PREVIEW_SIDE_PX, 3)
    assert result.preview_scale == 0.5


def test_turning_by_hand_looks_again_and_keeps_the_frame_of_the_file() -> None:
    faceless = estimated()
    turned = estimate_turned_photo(FAKE, faceless, 1)
    assert turned.working_size == (160, 320)
    assert turned.quarter_turns == 1
    assert turned.notes == ("The photo was turned to the left, as you asked.",)
    assert (turned.width, turned.height) == (320, 160)
    back = estimate_turned_photo(FAKE, turned, 3)
    assert (back.quarter_turns, back.notes) == (0, ())


def test_whole_picture_is_estimated_only_on_request_and_says_so() -> None:
    result = estimate_whole_photo(FAKE, estimated())
    assert len(result.estimates) == 1
    assert "as you asked" in result.notes[-1]


def test_result_without_preview_cannot_be_turned_or_drawn() -> None:
    result = estimate_photo(FAKE, png_with_faces(), "a.png")
    with pytest.raises(ImageError, match="no longer in memory"):
        estimate_turned_photo(FAKE, result, 1)
    with pytest.raises(ImageError, match="no preview"):
        annotate(result)


def annotated(grey: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """A grey photo of 400 x 400 px with a box."""
    rgb = np.full((400, 400, 3), grey, np.uint8)
    known = {"working_size": (400, 400), "preview_jpeg": encode_jpeg(rgb)}
    return annotate(PhotoResult("a", 400, 400, (FAKE._face(rgb, box),), **known))


def test_annotation_draws_a_light_line_with_a_dark_rim_around_each_face() -> None:
    drawn = annotated(0, (100, 100, 300, 300)).astype(int)
    assert drawn.shape == (400, 400, 3)
    assert drawn[200, 100].min() > 240  # on the left edge
    assert drawn[200, 98].max() < 100  # just outside it
    assert drawn[200, 200].max() < 20  # the face itself stays as it was


@pytest.mark.parametrize(
    "box", [(0, 0, 400, 400), (-50, -50, 30, 30), (380, 5, 500, 60)]
)
def test_annotation_of_a_face_at_the_edge_stays_in_the_picture(
    box: tuple[int, int, int, int],
) -> None:
    assert annotated(90, box).max() > 240


GREY_CROP, GREYS = np.full((96, 96, 3), 128, np.uint8), (0.299, 0.587, 0.114)


def test_map_of_zeros_leaves_a_face_as_it_is() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    overlay = heatmap_overlay(crop, np.zeros((6, 6), np.float32))
    assert overlay.dtype == np.uint8
    assert (overlay == crop).all()


def test_what_makes_older_is_orange_and_what_makes_younger_is_blue() -> None:
    heatmap = np.zeros((4, 4), np.float32)
    heatmap[0, 0], heatmap[3, 3] = 1.5, -1.5
    overlay = heatmap_overlay(GREY_CROP, heatmap).astype(int)
    red, _, blue = overlay[4, 4]  # in the cell at the top left
    assert red > blue + 100
    red, _, blue = overlay[91, 91]
    assert blue > red + 100
    assert (overlay[4, 91] == 128).all()


@pytest.mark.parametrize("shape", [(4, 4), (6, 6), (5, 7)])
def test_map_covers_the_crop_whatever_its_cells(shape: tuple[int, int]) -> None:
    rising = np.linspace(-1, 1, shape[1])[None].repeat(shape[0], axis=0)
    overlay = heatmap_overlay(GREY_CROP, rising.astype(np.float32)).astype(int)
    warmth = (overlay[..., 0] - overlay[..., 2])[48]
    assert warmth[0] < -100
    assert abs(warmth[47:49]).max() < 10
    assert warmth[-1] > 100
    assert np.ptp(warmth) / 96 * 3 > np.abs(np.diff(warmth)).max()  # no steps


def test_colour_is_deepest_where_most_moved() -> None:
    heatmap = np.array([[0.0, 0.5, 1.0]], np.float32)
    overlay = heatmap_overlay(GREY_CROP, heatmap).astype(int)
    warmth = (overlay[..., 0] - overlay[..., 2])[48, [4, 48, 91]]
    assert 0 <= warmth[0] < warmth[1] < warmth[2]


def test_face_can_still_be_recognised_below_the_deepest_colour() -> None:
    portrait = read_image(paths.SAMPLES / "barack-obama.jpg").rgb
    crop = downscale(portrait, 400)[:200, 60:260]
    for years in (1.0, -1.0):
        overlay = heatmap_overlay(crop, np.full((6, 6), years, np.float32))
        light, same = ((rgb @ GREYS).ravel() for rgb in (crop, overlay))
        assert np.corrcoef(light, same)[0, 1] > 0.95
        assert same.std() > 0.3 * light.std()


@pytest.mark.parametrize("light", [0, 255])
def test_colours_show_on_the_darkest_and_on_the_lightest_face(light: int) -> None:
    crop = np.full((64, 64, 3), light, np.uint8)
    older, younger = (
        heatmap_overlay(crop, np.full((6, 6), years)).astype(int)[0, 0]
        for years in (1.0, -1.0)
    )
    assert older[0] - older[2] > 60
    assert younger[2] - younger[0] > 60


def test_scale_is_symmetric_and_a_map_of_hardly_anything_is_faint() -> None:
    assert heatmap_range_years(np.array([[0.3, -2.0]])) == 2
    assert heatmap_range_years(np.array([[2.0, -0.3]])) == 2
    assert heatmap_range_years(np.zeros((6, 6))) == FAINT_YEARS
    slight = heatmap_overlay(GREY_CROP, np.full((4, 4), FAINT_YEARS / 10)).astype(int)
    strong = heatmap_overlay(GREY_CROP, np.full((4, 4), FAINT_YEARS)).astype(int)
    assert np.abs(slight - 128).max() < np.abs(strong - 128).max() / 5


@pytest.mark.parametrize(
    "as_seen",
    [
        # full protanopia and deuteranopia, on linear RGB: G. M. Machado et al., 'A
        # Physiologically-based Model for Simulation of Color Vision Deficiency', 2009
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ],
    ids=["protanopia", "deuteranopia"],
)
def test_colours_of_the_map_differ_for_colour_blind_people(
    as_seen: list[list[float]],
) -> None:
    linear = (np.array([OLDER_RGB, YOUNGER_RGB]) / 255) ** 2.2
    older, younger = linear @ np.array(as_seen).T
    assert older[0] > older[2] + 0.1  # still yellowish
    assert younger[2] > younger[0] + 0.1  # still bluish


def test_frame_has_a_row_a_face_and_one_for_what_has_none() -> None:
    results = [estimated(30, 50), estimated(name="no.png"), UNREADABLE]
    frame = results_frame(results)
    assert tuple(frame.columns) == COLUMNS
    assert frame["file"].tolist() == ["a.png", "a.png", "no.png", "empty.jpg"]
    assert frame["face"].fillna(0).tolist() == [1, 2, 0, 0]
    assert frame["age_years"].fillna(0).tolist() == [30, 50, 0, 0]
    assert frame["warnings"][2] == NO_FACE
    assert "is empty" in frame["error"][3]


def test_frame_carries_the_warnings_of_a_face_and_the_notes_of_its_photo() -> None:
    fake = FakeEstimator(warnings=("Dark: worse.",))
    result = estimate_photo(fake, png_with_faces(30, lying=True), "a.png")
    frame = results_frame([result])
    assert frame["warnings"][0].endswith("to find a face. Dark: worse.")


def test_frame_of_nothing_has_the_columns() -> None:
    assert tuple(results_frame([]).columns) == COLUMNS


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_neutralises_what_a_spreadsheet_would_take_for_a_formula(
    start: str,
) -> None:
    name = f'{start}1+1 Ünï, "日本".png'
    (row,) = read_csv(results_csv([estimated(30, name=name)]))
    assert tuple(row) == COLUMNS
    assert row["file"] == f"'{name}"
    assert float(row["age_years"]) == 30


def test_json_holds_the_records_of_all_photos() -> None:
    results = [estimated(30), UNREADABLE]
    assert json.loads(results_json(results)) == [to_record(r) for r in results]


def test_archive_of_annotated_photos_keeps_duplicated_names_apart() -> None:
    results = [estimated(30), estimated(50), UNREADABLE]
    with zipfile.ZipFile(BytesIO(annotated_zip(results))) as archive:
        assert archive.namelist() == ["a-faces.jpg", "a-faces-2.jpg"]
        assert Image.open(archive.open("a-faces.jpg")).size == (320, 160)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trip.zip/day 1/IMG_1.HEIC", "IMG_1-faces.png"),
        ("..\\..\\evil.jpg", "evil-faces.png"),
        ("a<b>:c.png", "a_b__c-faces.png"),
        ("..", "photo-faces.png"),
    ],
)
def test_annotated_name_is_safe_on_any_system(name: str, expected: str) -> None:
    assert annotated_name(name, ".png") == expected


@pytest.mark.parametrize("letter", ["a", "ü", "\U00020000", "a."])
def test_annotated_name_fits_on_any_disk_however_long_the_photos_is(
    letter: str,
) -> None:
    name = annotated_name(letter * 9_000 + ".jpg", ".png")
    assert len(name.encode()) <= 230
    assert name.endswith("-faces.png")


def test_age_group_of_a_csv_is_no_date_to_a_spreadsheet() -> None:
    # 10-19 would be October 2019; the block is 12 px wide, so its age is 12
    (row,) = read_csv(results_csv([estimated(12)]))
    assert row["age_group"] == "10 to 19"
    assert to_record(estimated(12))["faces"][0]["age_group"] == "10-19"


def test_photo_with_more_faces_than_the_cap_keeps_the_largest_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "2")
    result = estimated(30, 20, 50, 40)
    assert [face.age_years for face in result.estimates] == [50, 40]
    assert result.notes == (
        "It shows 4 faces: of one photo at most the 2 largest are kept, so 2 were left "
        "out.",
    )
    assert estimated(30, 20).notes == ()


def test_cap_on_faces_holds_for_a_photo_turned_by_hand_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGEMODEL_MAX_FACES", "1")
    result = estimate_turned_photo(FAKE, estimated(30, 40), 2)
    assert len(result.estimates) == 1
    assert "so 1 was left out" in result.notes[-1]


def test_naughty_names_go_through_every_file_and_come_out_as_they_are() -> None:
    names = [shown_name(name) for name in naughty_names()]
    faces = estimated(30)
    results = [replace(faces, name=name) for name in names]
    records = json.loads(results_json(results))
    assert [record["file"] for record in records] == names
    assert results_frame(results)["file"].tolist() == names
    cells = [row["file"] for row in read_csv(results_csv(results))]
    plain = [[text.removeprefix("'") for text in column] for column in (cells, names)]
    assert plain[0] == plain[1]
    formulas = set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert not [cell for cell in cells if cell.lstrip()[:1] in formulas]


def test_annotated_photos_of_naughty_names_lie_side_by_side_in_one_folder() -> None:
    names = naughty_names()
    own = _own_names(names)
    assert len({name.lower() for name in own}) == len(names)
    for name in own:
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert len(name.encode()) <= 255
        assert name.endswith(".jpg")


def test_name_of_stray_bytes_can_be_written_everywhere() -> None:
    # a path of Linux that is no UTF-8, as os.fsdecode gives it
    result = replace(estimated(30), name="caf\udce9.jpg")
    assert to_record(result)["file"] == r"caf\udce9.jpg"
    json.dumps(to_record(result), ensure_ascii=False).encode()
    assert read_csv(results_csv([result]))[0]["file"] == r"caf\udce9.jpg"
    assert results_json([result, estimate_photo(FAKE, b"bad", "caf\udce9.jpg")])


def test_everything_promised_is_there() -> None:
    assert all(hasattr(serving, name) for name in serving.__all__)
