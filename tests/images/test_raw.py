from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agemodel.core.errors import ImageError
from agemodel.images import raw, read_image
from tests.harness.pictures import (
    BLUE,
    GREEN,
    RED,
    as_stored,
    exif_with,
    file_of,
    flat,
    quadrants,
    rgb_directory,
    sensor_directory,
    tiff_of,
)

THUMBNAIL = np.full((170, 256, 3), GREEN, np.uint8)
DNG_VERSION = {50706: 0x00000401}
NOTE = "A RAW file: the preview inside it, {} px, was used."


def jpeg(colour: tuple[int, int, int], width: int, height: int) -> bytes:
    return file_of(flat("RGB", colour, (width, height)), "JPEG", quality=95)


def jpeg_directory(data: bytes) -> dict[int, object]:
    """As Nikon and Sony store a preview."""
    return {254: 1, 259: 6, 513: data, 514: len(data)}


def strip_directory(data: bytes, width: int, height: int) -> dict[int, object]:
    """As DNG and CR2 store one: a JPEG that is the only strip."""
    tags = {254: 1, 256: width, 257: height, 259: 7, 262: 6, 277: 3}
    return tags | {273: data, 278: height, 279: len(data)}


def colour_of(rgb: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in rgb[rgb.shape[0] // 2, rgb.shape[1] // 2])


def dng(order: str = "<") -> bytes:
    """A thumbnail; below it the sensor's values and previews of two sizes."""
    return tiff_of(
        rgb_directory(THUMBNAIL) | DNG_VERSION | {254: 1, 330: [1, 2, 3]},
        sensor_directory(),
        strip_directory(jpeg(BLUE, 300, 200), 300, 200),
        strip_directory(jpeg(RED, 600, 400), 600, 400),
        order=order,
    )


def nef(preview: bytes) -> bytes:
    return tiff_of(
        rgb_directory(THUMBNAIL) | {254: 1, 330: [1, 2]},
        jpeg_directory(preview),
        sensor_directory(),
        order=">",
    )


@pytest.mark.parametrize(
    "data",
    [
        dng("<"),
        dng(">"),
        nef(jpeg(RED, 600, 400)),
        # a NEF whose previews say nothing of their size, by its thumbnail and SubIFDs
        tiff_of(
            rgb_directory(THUMBNAIL) | {254: 1, 330: [1]},
            {513: (data := jpeg(RED, 600, 400)), 514: len(data)},
        ),
        # CR2: its own mark; the preview comes first, the thumbnail second
        tiff_of(
            {256: 600, 257: 400, 259: 6, 273: data, 279: len(data)},
            {513: (small := jpeg(GREEN, 160, 120)), 514: len(small)},
            {259: 6, 273: bytes(64), 279: 64},
            mark=b"CR\2\0" + bytes(4),
        ),
        # PEF: the sensor's values come first
        tiff_of(sensor_directory(), jpeg_directory(data)),
        # an uncompressed preview
        tiff_of(
            rgb_directory(THUMBNAIL) | DNG_VERSION | {254: 1, 330: [1]},
            rgb_directory(np.full((400, 600, 3), RED, np.uint8)) | {254: 1},
        ),
    ],
    ids=["DNG", "DNG, MM", "NEF", "plain NEF", "CR2", "PEF", "uncompressed"],
)
def test_a_raw_file_is_read_by_its_largest_preview_and_says_so(data: bytes) -> None:
    photo = read_image(data, name="a.dng")
    assert (photo.width, photo.height, photo.rgb.shape) == (600, 400, (400, 600, 3))
    assert np.abs(np.subtract(colour_of(photo.rgb), RED)).max() <= 12
    assert photo.notes == (NOTE.format("600 by 400"),)


@pytest.mark.parametrize("exif", [None, exif_with(6)])
def test_a_preview_is_upright_whoever_states_its_orientation(
    exif: Image.Exif | None,
) -> None:
    upright = np.asarray(Image.fromarray(quadrants()).resize((640, 480), 0))
    options = {"exif": exif} if exif else {}
    preview = file_of(as_stored(upright, 6), "JPEG", quality=95, **options)
    data = tiff_of(
        rgb_directory(THUMBNAIL) | DNG_VERSION | {254: 1, 274: 6, 330: [1]},
        jpeg_directory(preview),
    )
    photo = read_image(data)
    assert (photo.width, photo.height) == (640, 480)
    assert photo.notes == (NOTE.format("640 by 480"),)
    corners = (photo.rgb[8, 8], photo.rgb[8, -8], photo.rgb[-8, 8])
    for found, expected in zip(corners, (RED, GREEN, BLUE), strict=True):
        assert np.abs(np.subtract(found, expected, dtype=int)).max() <= 12


@pytest.mark.parametrize(
    ("directories", "side_px"),
    [
        ([rgb_directory(THUMBNAIL) | {254: 1, 330: [1]}, sensor_directory()], 256),
        ([sensor_directory()], 0),
    ],
)
def test_a_raw_file_of_a_thumbnail_at_most_is_refused(
    directories: list[dict], side_px: int
) -> None:
    directories[0] |= DNG_VERSION
    with pytest.raises(ImageError) as caught:
        read_image(tiff_of(*directories), name="a.dng")
    assert str(caught.value) == (
        "a.dng is a RAW file, which is read by the preview inside it: expected one of "
        f"512 px or more, got {side_px} px. Save it as JPEG and try again."
    )


def test_sensor_values_packed_as_a_jpeg_are_no_preview() -> None:
    # lossless JPEG (start of frame 3) of 14 bits, as CR2 has it, larger than a preview
    frame = b"\xff\xc3" + struct.pack(">HBHHB", 14, 14, 4_000, 6_000, 2)
    values = b"\xff\xd8" + frame + b"\0\x11\0\1\x11\0" + bytes(99)
    preview = jpeg(RED, 600, 400)
    data = tiff_of(
        {256: 600, 257: 400, 259: 6, 273: preview, 279: len(preview)},
        {259: 6, 273: values, 279: len(values)},
        mark=b"CR\2\0" + bytes(4),
    )
    assert read_image(data).width == 600


@pytest.mark.parametrize("below", [True, False])
def test_a_tiff_that_begins_with_a_thumbnail_is_read_by_its_photo(below: bool) -> None:
    first = rgb_directory(THUMBNAIL) | {254: 1}
    photo = rgb_directory(np.full((40, 60, 3), RED, np.uint8)) | {254: 0}
    bigger = rgb_directory(np.full((300, 400, 3), BLUE, np.uint8)) | {254: 0}
    if below:
        first[330] = [1, 2]
    found = read_image(tiff_of(first, photo, bigger))
    assert (found.width, found.height, colour_of(found.rgb)) == (400, 300, BLUE)
    assert not any("RAW" in note for note in found.notes)


def test_a_tiff_with_smaller_copies_of_itself_is_no_raw_file() -> None:
    photo = rgb_directory(np.full((40, 60, 3), RED, np.uint8)) | {330: [1]}
    copy = rgb_directory(np.full((20, 30, 3), BLUE, np.uint8)) | {254: 1}
    found = read_image(tiff_of(photo, copy))
    assert (found.width, colour_of(found.rgb), found.notes) == (60, RED, ())


def test_directories_that_point_at_each_other_end() -> None:
    data = bytearray(dng())
    first = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * count, first)  # it follows itself
    assert read_image(bytes(data)).width == 600


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        b"FUJIFILMCCD-RAW 0201FF",
        b"IIRO\x08\0\0\0",
        b"IIU\0\x18\0\0\0",
    ],
    ids=["CR3", "RAF", "ORF", "RW2"],
)
def test_a_raw_file_that_is_no_tiff_is_called_one(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        read_image(data, name="a.cr3")
    assert str(caught.value) == (
        "a.cr3 is not a picture this app can read: expected JPEG, PNG, WebP, HEIC, "
        "AVIF, GIF, BMP or TIFF, got a camera's RAW file, which must be saved as JPEG "
        "first."
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8))
def test_a_damaged_raw_file_is_a_photo_or_an_image_error(
    changes: list[tuple[int, int]],
) -> None:
    data = bytearray(dng())
    for at, value in changes:
        data[at] = value
    try:
        photo = read_image(bytes(data), name="x")
    except ImageError as error:
        assert str(error).startswith("x ")
    else:
        assert photo.rgb.dtype == np.uint8


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=300))
def test_any_bytes_behind_a_tiffs_start_have_pictures_or_none(data: bytes) -> None:
    for start in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        try:
            found = raw.main_picture(start + data, "x")
        except ImageError:
            continue
        assert found is None or found.width > 0
