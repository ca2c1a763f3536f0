import contextlib
import os
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from agemodel.core.errors import ImageError
from agemodel.images import (
    SUFFIXES,
    av1,
    downscale,
    encode_jpeg,
    encode_png,
    limits,
    pixels,
    read_image,
    reading,
)
from agemodel.images import colour as to_srgb
from tests.harness.pictures import (
    BLUE,
    GREEN,
    GREY,
    RED,
    as_stored,
    black_only_cmyk_profile,
    exif_with,
    file_of,
    flat,
    flat_jpeg,
    linear_grey_profile,
    png_of,
    quadrants,
    srgb_profile,
    swapped_profile,
    tiff_with_tile,
)

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF")
WITH_EXIF = ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")
EXPECTED = "expected JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF"
ROOT = Path(__file__).resolve().parents[2]


def assert_quadrants(rgb):
    """Red, green, blue and grey at the corners, as lossy formats have them at 4:2:0."""
    corners = [rgb[y, x].astype(int) for y in (8, -8) for x in (8, -8)]
    assert np.abs(np.subtract(corners, (RED, GREEN, BLUE, GREY))).max() <= 12


def noise():
    return np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def pixel(data):
    """The middle pixel of a flat picture."""
    rgb = read_image(data).rgb
    return tuple(int(v) for v in rgb[rgb.shape[0] // 2, rgb.shape[1] // 2])


def assert_pixel(data, expected, tolerance):
    assert np.abs(np.subtract(pixel(data), expected)).max() <= tolerance


def message_of(source, **options):
    with pytest.raises(ImageError) as caught:
        read_image(source, **options)
    return str(caught.value)


def run_python(code):
    """Run code in a fresh interpreter and return what it printed."""
    command = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- what a photo is ---------------------------------------------------------------


@pytest.mark.parametrize("pillow_format", FORMATS)
def test_every_format_is_read_as_writable_contiguous_rgb(pillow_format):
    photo = read_image(file_of(quadrants(), pillow_format))
    assert photo.rgb.shape == (48, 64, 3)
    assert photo.rgb.dtype == np.uint8
    assert photo.rgb.flags.c_contiguous
    assert photo.rgb.flags.writeable
    assert (photo.width, photo.height, photo.scale) == (64, 48, 1)
    assert photo.notes == ()
    assert_quadrants(photo.rgb)


@pytest.mark.parametrize("pillow_format", ["PNG", "BMP", "TIFF"])
def test_a_lossless_file_gives_its_very_pixels(pillow_format):
    data = file_of(quadrants(), pillow_format)
    np.testing.assert_array_equal(read_image(data).rgb, quadrants())


@pytest.mark.parametrize("brand_of", ["HEIF", "AVIF"])
def test_the_general_container_brand_is_told_apart_by_its_other_brands(brand_of):
    data = bytearray(file_of(quadrants(), brand_of))
    data[8:12] = b"mif1"
    assert_quadrants(read_image(bytes(data)).rgb)


def test_a_path_gives_its_name_and_bytes_give_the_name_that_was_passed(tmp_path):
    path = tmp_path / "Anna.png"
    path.write_bytes(file_of(quadrants(), "PNG"))
    assert read_image(path).name == "Anna.png"
    assert read_image(str(path)).name == "Anna.png"
    assert read_image(path, name="upload.png").name == "upload.png"
    assert read_image(path.read_bytes(), name="b.png").name == "b.png"
    assert read_image(path.read_bytes()).name == "This file"


def test_the_suffix_does_not_decide_what_a_file_is(tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(file_of(quadrants(), "PNG"))
    np.testing.assert_array_equal(read_image(path).rgb, quadrants())


def test_suffixes_are_lower_case_and_begin_with_a_dot():
    assert {".jpg", ".jfif", ".pjpeg", ".pjp", ".heic", ".hif", ".tiff"} < set(SUFFIXES)
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES)
    assert len(SUFFIXES) == len(set(SUFFIXES)) == 17


# --- orientation -------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pillow_format", WITH_EXIF)
def test_an_oriented_file_is_upright_exactly_once(pillow_format, orientation):
    stored = as_stored(quadrants(), orientation)
    exif = exif_with(orientation)
    if pillow_format == "HEIF":
        exif = exif.tobytes()  # only then does the writer add the container's own turn
    data = file_of(stored, pillow_format, exif=exif)
    if pillow_format == "HEIF" and orientation == 6:  # as phones write them: both
        assert b"irot" in data
        assert b"Exif" in data
    photo = read_image(data)
    assert (photo.width, photo.height) == (64, 48)
    assert photo.rgb.shape == (48, 64, 3)
    assert_quadrants(photo.rgb)


def test_a_heic_obeys_its_container_and_not_its_exif():
    # the container has properties of its own for turning; EXIF only repeats them
    data = file_of(quadrants(), "HEIF", exif=exif_with(6))
    assert b"irot" not in data
    assert read_image(data).rgb.shape == (48, 64, 3)


def test_a_reduced_jpeg_is_turned_and_its_size_is_that_of_the_upright_file():
    stored = Image.fromarray(as_stored(quadrants(), 6)).resize((4096, 5120), 0)
    photo = read_image(file_of(stored, "JPEG", exif=exif_with(6)))
    assert (photo.width, photo.height) == (5120, 4096)
    # min(5120, 4096) // 2048 = 2: halved
    assert photo.rgb.shape == (2048, 2560, 3)
    assert photo.scale == 2
    assert_quadrants(photo.rgb)


def test_damaged_exif_means_upright_and_is_said():
    exif = b"Exif\0\0II*\0" + struct.pack("<I", 8) + b"\xff\xff\x12"
    photo = read_image(file_of(quadrants(), "WEBP", exif=b"Exif\0\0nonsense" + exif))
    assert photo.rgb.shape == (48, 64, 3)
    (note,) = photo.notes
    assert note == "Its orientation could not be read: it was taken as upright."


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_orientation_outside_the_standard_means_upright(orientation):
    data = file_of(quadrants(), "PNG", exif=exif_with(orientation))
    np.testing.assert_array_equal(read_image(data).rgb, quadrants())


# --- modes -------------------------------------------------------------------------


def palette_picture():
    picture = flat("P", 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    return picture


def premultiplied_grey():
    data = file_of(flat("LA", (40, 102)), "TIFF")
    extra_samples = struct.pack("<HHI", 338, 3, 1)
    at = data.index(extra_samples) + len(extra_samples)
    assert data[at] == 2  # 2 is straight alpha, 1 is premultiplied
    return data[:at] + b"\x01" + data[at + 1 :]


def ycck():
    data = file_of(flat("CMYK", (55, 127, 127, 0)), "JPEG", quality=100)
    at = data.index(b"Adobe") + 11
    assert data[at] == 0  # 0 says CMYK, 2 says YCCK
    return data[:at] + b"\x02" + data[at + 1 :]


def lab():
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    return ImageCms.applyTransform(flat("RGB", RED), to_lab)


def big_endian_grey():
    picture = Image.frombytes("I;16B", (16, 16), struct.pack(">H", 25_700) * 256)
    data = file_of(picture, "TIFF")
    assert data.startswith(b"MM")
    return data


def png_of_16_bits(colour_type, *samples):
    rows = struct.pack(f">{len(samples)}H", *samples) * 256
    return png_of(16, 16, 16, colour_type, rows)


WHITE = (255, 255, 255)
HALF_RED = flat("RGBA", (255, 0, 0, 102))
# Alpha 102 / 255 = 0.4: of 0 over white 0.6 * 255 = 153, of 100 40 + 153 = 193.
MODES = {
    "palette": (palette_picture(), "PNG GIF BMP TIFF", {}, (255, 0, 0), 0),
    "transparent entry": (palette_picture(), "PNG GIF", {"transparency": 1}, WHITE, 0),
    "half transparent entry": (
        *(palette_picture(), "PNG", {"transparency": bytes([255, 102])}),
        *((255, 153, 153), 0),
    ),
    "alpha": (HALF_RED, "PNG WEBP HEIF AVIF TIFF", {}, (255, 153, 153), 4),
    "grey with alpha": (flat("LA", (100, 102)), "PNG TIFF", {}, 193, 0),
    "transparent grey": (flat("L", 77), "PNG", {"transparency": 77}, WHITE, 0),
    "transparent colour": (flat("RGB", RED), "PNG", {"transparency": RED}, WHITE, 0),
    "grey": (flat("L", 100), "JPEG PNG TIFF WEBP AVIF", {}, 100, 2),
    "one bit, white": (flat("1", 1), "PNG BMP TIFF", {}, WHITE, 0),
    "one bit, black": (flat("1", 0), "PNG BMP TIFF", {}, 0, 0),
    "fax, white": (flat("1", 1), "TIFF", {"compression": "group4"}, WHITE, 0),
    "fax, black": (flat("1", 0), "TIFF", {"compression": "group4"}, 0, 0),
    "CMYK without profile": (
        *(flat("CMYK", (0, 255, 255, 0)), "JPEG TIFF", {}),
        *((255, 0, 0), 3),
    ),
    "Lab": (lab(), "TIFF", {}, RED, 3),
}
# 65535 / 255 = 257; 300 / 257 = 1.17; 40,000 / 257 = 155.6
for value, grey in {0: 0, 300: 1, 25_700: 100, 40_000: 156, 65_535: 255}.items():
    picture = np.full((16, 16), value, np.uint16)
    MODES[f"16 bits, {value}"] = (picture, "PNG TIFF", {}, grey, 0)


@pytest.mark.parametrize(
    ("mode", "pillow_format"),
    [(mode, name) for mode, case in MODES.items() for name in case[1].split()],
)
def test_pictures_of_every_mode_keep_their_colour(mode, pillow_format):
    picture, _, options, expected, tolerance = MODES[mode]
    assert_pixel(file_of(picture, pillow_format, **options), expected, tolerance)


@pytest.mark.parametrize(
    ("data", "expected", "tolerance"),
    [
        # 40 is 0.4 * 100 already: 40 + 153 = 193
        (premultiplied_grey(), 193, 1),
        # Stored are 255 minus the inks: 200, 128, 128, 255. Read as YCCK, that is
        # Y = 200 without colour, so C = M = Y = 200 of 255 and K = 0: grey 55.
        (ycck(), 55, 3),
        (big_endian_grey(), 100, 0),
        (png_of_16_bits(2, 0x8000, 0, 0xFFFF), (128, 0, 255), 1),
        (png_of_16_bits(4, 0x6464, 0x6666), 193, 1),  # 0x6666 / 0xFFFF = 0.4
        (png_of_16_bits(6, 0xFFFF, 0, 0, 0x6666), (255, 153, 153), 1),
    ],
    ids=["premultiplied", "YCCK", "big-endian", "RGB16", "LA16", "RGBA16"],
)
def test_unusual_files_keep_their_colour(data, expected, tolerance):
    assert_pixel(data, expected, tolerance)


def test_a_large_cmyk_jpeg_is_reduced_and_keeps_its_colour():
    data = file_of(flat("CMYK", (0, 255, 255, 0), (4096, 4096)), "JPEG")
    assert read_image(data).rgb.shape == (2048, 2048, 3)
    assert_pixel(data, (255, 0, 0), 3)


@pytest.mark.parametrize(
    ("dtype", "values", "greys", "is_stretched"),
    [
        (np.int32, (0, 100, 255), (0, 100, 255), False),
        (np.int32, (0, 25_700, 65_535), (0, 100, 255), False),
        # (1,900 + 100) / (9,900 + 100) * 255 = 51
        (np.int32, (-100, 1_900, 9_900), (0, 51, 255), True),
        (np.float32, (0, 0.2, 1), (0, 51, 255), False),
        (np.float32, (0, 51, 200), (0, 51, 200), False),
        (np.float32, (0, 25_700, 60_000), (0, 100, 233), False),
        (np.float32, (-1, 0.2, 1), (0, 153, 255), True),
        (np.float32, (np.nan, 0.2, np.inf), (0, 51, 255), False),
        (np.float32, (np.nan, np.nan, np.nan), (0, 0, 0), False),
        (np.float32, (-7, -7, -7), (0, 0, 0), True),
    ],
)
def test_grey_of_32_bits_is_scaled_by_the_smallest_usual_range(
    dtype, values, greys, is_stretched
):
    photo = read_image(file_of(np.array([values], dtype), "TIFF"))
    np.testing.assert_array_equal(photo.rgb[0, :, 0], greys)
    assert any("stretched" in note for note in photo.notes) == is_stretched


# --- colour profiles ---------------------------------------------------------------


@pytest.mark.parametrize(
    "pillow_format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"]
)
def test_an_rgb_profile_is_brought_to_srgb(pillow_format):
    # the profile calls blue what sRGB calls red
    data = file_of(flat("RGB", RED), pillow_format, icc_profile=swapped_profile())
    assert_pixel(data, BLUE, 12)


def test_an_srgb_profile_changes_nothing():
    data = file_of(quadrants(), "PNG", icc_profile=srgb_profile())
    photo = read_image(data)
    assert np.abs(photo.rgb.astype(int) - quadrants()).max() <= 1
    assert photo.notes == ()


def test_a_profile_leaves_the_alpha_alone():
    picture = flat("RGBA", (255, 0, 0, 102))
    data = file_of(picture, "PNG", icc_profile=swapped_profile())
    assert_pixel(data, (153, 153, 255), 2)


@pytest.mark.parametrize(("mode", "value"), [("L", 128), ("LA", (128, 255))])
def test_a_grey_profile_is_brought_to_srgb(mode, value):
    # linear 128 / 255 = 0.502; sRGB: 1.055 * 0.502 ** (1 / 2.4) - 0.055 = 0.737 -> 188
    data = file_of(flat(mode, value), "PNG", icc_profile=linear_grey_profile())
    assert_pixel(data, 188, 1)


def test_an_rgb_profile_on_a_grey_picture_is_used():
    data = file_of(flat("L", 128), "JPEG", icc_profile=srgb_profile())
    assert read_image(data).notes == ()
    assert_pixel(data, 128, 2)


@pytest.mark.parametrize("pillow_format", ["JPEG", "TIFF"])
def test_a_cmyk_profile_is_brought_to_srgb(pillow_format):
    profile = black_only_cmyk_profile()
    cyan = file_of(flat("CMYK", (255, 0, 0, 0)), pillow_format, icc_profile=profile)
    black = file_of(flat("CMYK", (0, 0, 0, 255)), pillow_format, icc_profile=profile)
    assert min(pixel(cyan)) >= 250  # invisible ink; without the profile (0, 255, 255)
    assert max(pixel(black)) <= 5


NO_PROFILE = "Its colour profile cannot be used: it was taken as sRGB."


@pytest.mark.parametrize(
    "profile",
    [
        *(b"not a profile", srgb_profile()[:200]),
        *(black_only_cmyk_profile(), linear_grey_profile()),
    ],
)
def test_a_broken_or_unfitting_profile_is_ignored_and_said(profile):
    photo = read_image(file_of(quadrants(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(photo.rgb, quadrants())
    assert photo.notes == (NO_PROFILE,)


# --- several pictures in one file --------------------------------------------------


def file_with_two(pillow_format):
    other = Image.new("RGB", (64, 48), "white")
    return file_of(quadrants(), pillow_format, save_all=True, append_images=[other])


FRAMES = "An animation: only its first frame was used."
SEVERAL = "It holds several pictures: only the main one was used."


@pytest.mark.parametrize(
    ("pillow_format", "said"),
    [
        *((name, (FRAMES,)) for name in ("GIF", "WEBP", "PNG", "AVIF")),
        *((name, (SEVERAL,)) for name in ("TIFF", "HEIF")),
        ("MPO", ()),  # of a phone: passed over silently
    ],
)
def test_the_first_of_several_pictures_is_used_and_said(pillow_format, said):
    photo = read_image(file_with_two(pillow_format))
    assert photo.notes == said
    assert_quadrants(photo.rgb)


# --- size --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "decoded"),
    [
        ((3500, 3500), (3500, 3500)),  # 3500 // 2048 = 1: as it is
        # 4095 // 2048 = 1, then to 4096 * 3072 px: 4095 * (12.58 / 16.77) ** 0.5
        ((4095, 4095), (3547, 3547)),
        ((4096, 6000), (2048, 3000)),  # 4096 // 2048 = 2
        ((12_000, 9_000), (3000, 2250)),  # 9000 // 2048 = 4
        ((20_000, 600), (20_000, 600)),  # 12 MP, its shorter side is small
        # 80 MP: halved, rounded up, then to 12.58 MP: 20,001 * (12.58 / 20) ** 0.5
        ((40_001, 2_000), (15_864, 793)),
        ((65_000, 10), (20_000, 3)),  # the longest side that is read
    ],
)
def test_a_large_jpeg_is_decoded_at_a_reduced_size(size, decoded):
    photo = read_image(flat_jpeg(*size))
    assert (photo.width, photo.height) == size
    assert photo.rgb.shape == (decoded[1], decoded[0], 3)
    assert photo.scale == pytest.approx(size[0] / decoded[0])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_jpeg_of_108_megapixels_costs_less_than_150_megabytes():
    code = """
from pathlib import Path
from tests.harness.pictures import flat_jpeg
from agemodel.images import read_image
def peak_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
data = flat_jpeg(12_000, 9_000)
before = peak_kb()
read_image(data)
print(peak_kb() - before)
"""
    assert int(run_python(code)) < 150 * 1024


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (png_of(8_000, 8_000, 8, 2, b""), "50 megapixels, got 8,000 x 8,000 pixels"),
        (png_of(30_000, 30_000, 1, 0, b""), "50 megapixels, got 30,000 x 30,000"),
        (png_of(45_000, 45_000, 1, 0, b""), "50 megapixels, got far more"),
        # 6 bytes a pixel for three whole channels of coefficients, 1.5 besides
        (flat_jpeg(7_072, 7_072, scans="progressive"), "49 megapixels in JPEG"),
        (flat_jpeg(7_072, 7_072, scans="separate"), "49 megapixels in JPEG"),
        (tiff_with_tile(40_000), "50 megapixels, got a tile of 1,600"),
    ],
)
def test_a_picture_over_the_cap_is_refused_from_its_header(data, most, monkeypatch):
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was decoded"))
    message = message_of(data, name="big.dat")
    assert message.startswith("big.dat is too large: expected at most " + most)


def test_a_jpeg_over_200_megapixels_is_refused_from_its_header():
    small = flat_jpeg(16, 16)
    at = small.index(b"\xff\xc0") + 5
    huge = small[:at] + struct.pack(">HH", 14_143, 14_143) + small[at + 4 :]
    # 14,143 * 14,143 = 200,024,449
    message = message_of(huge)
    assert "expected at most 200 megapixels, got 14,143 x 14,143 pixels" in message


def test_a_lying_canvas_of_an_animated_webp_is_refused():
    data = bytearray(file_with_two("WEBP"))
    data[24:30] = (8_999).to_bytes(3, "little") * 2  # one less than the side
    assert "20 megapixels in WebP of this make, got 9,000 x 9,000" in message_of(
        bytes(data)
    )


def test_a_jpeg_of_too_many_scans_for_its_size_is_refused():
    # one scan for all channels, and 1,000 more; 1,000,000,000 / (1,024 * 1,024) = 953
    data = flat_jpeg(1_024, 1_024, scans="progressive", extra_scans=1_000)
    assert "at most 953 scans at its size, got 1,001" in message_of(data)


def test_a_progressive_jpeg_under_the_cap_is_read_and_reduced():
    data = file_of(flat("RGB", RED, (4096, 4096)), "JPEG", progressive=True)
    assert read_image(data).rgb.shape == (2048, 2048, 3)


@pytest.mark.parametrize("size", [(0, 16), (16, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(size):
    assert "expected a whole PNG picture" in message_of(png_of(*size, 8, 2, b""))


def test_a_file_of_too_many_bytes_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("AGEMODEL_MAX_FILE_MB", "1")
    path = tmp_path / "long.png"
    path.write_bytes(bytes(1024**2 + 1024**2 // 2))
    expected = "long.png is too large: expected at most 1 MB, got 1.5 MB."
    assert message_of(path).startswith(expected)
    assert message_of(path.read_bytes(), name="long.png").startswith(expected)


# --- what costs too much -----------------------------------------------------------


def noise_of(width, height):
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.GaussianBlur(values, (0, 0), 1)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16", "CMYK"])
def test_a_large_picture_is_reduced_in_bands_without_seams(mode, monkeypatch):
    monkeypatch.setattr(pixels, "WORKING_PIXELS", 200 * 150)
    monkeypatch.setattr(to_srgb, "_BAND_PIXELS", 600 * 20)
    picture = Image.fromarray(noise_of(601, 451))
    if mode == "I;16":
        grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
        picture = Image.fromarray(grey)
    notes = []
    rgb = to_srgb.to_rgb(picture.convert(mode) if mode != "I;16" else picture, notes)
    assert (rgb.shape, notes) == ((150, 199, 3), [])
    if mode == "I;16":
        picture, mode = Image.fromarray((grey // 257).astype(np.uint8)), "L"
    smooth = picture.convert(mode).convert("RGB")
    expected = np.asarray(smooth.resize((199, 150), Image.Resampling.HAMMING))
    assert np.abs(rgb.astype(int) - expected).max() <= 2


def test_a_large_photo_keeps_the_size_of_its_file(monkeypatch):
    monkeypatch.setattr(pixels, "WORKING_PIXELS", 48 * 16)
    stored = as_stored(quadrants(), 6)
    photo = read_image(file_of(stored, "PNG", exif=exif_with(6)))
    # 64 x 48 px are 4 times 48 * 16: half of each side
    assert (photo.width, photo.height, photo.rgb.shape) == (64, 48, (24, 32, 3))
    assert photo.scale == 2


@pytest.mark.parametrize(
    ("kind", "field", "behind", "layout"),
    # of WebP behind the frame's start code
    [("WebP", b"VP8 ", 14, "<HH"), ("AVIF", struct.pack(">II", 64, 64), 0, ">II")],
)
def test_a_kind_that_takes_more_memory_has_a_lower_cap(kind, field, behind, layout):
    data = file_of(noise(), kind.upper())
    at, claim = data.index(field) + behind, struct.pack(layout, 5_000, 5_000)
    message = message_of(data[:at] + claim + data[at + len(claim) :])
    # 7.5 bytes a pixel of the whole cap, over 18 and 16 that decoding takes
    assert f"at most 20 megapixels in {kind} of this make, got 5,000 x" in message


def test_an_operator_may_lower_the_caps(monkeypatch):
    monkeypatch.setenv("AGEMODEL_MAX_MEGAPIXELS", "1")
    message = message_of(png_of(1_001, 1_000, 8, 0, b""))
    assert "at most 1 megapixels, got 1,001 x 1,000 pixels" in message


def test_an_avif_is_held_to_the_size_of_its_stream():
    small, side = struct.pack(">II", 64, 64), 6_000
    data = file_of(flat("L", 9, (side, side)), "AVIF", speed=10, quality=1)
    liar = data.replace(struct.pack(">II", side, side), small)
    assert liar != data
    assert "in AVIF of this make, got a stream of 36 megapixels" in message_of(liar)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_the_size_of_an_av1_stream_is_found(mode):
    data = file_of(Image.new(mode, (123, 45)), "AVIF")
    assert av1.stated_pixels(data) == 123 * 45
    more = {"save_all": True, "append_images": [Image.new(mode, (123, 45), 200)]}
    data = file_of(Image.new(mode, (123, 45)), "AVIF", **more) if mode == "L" else data
    assert av1.stated_pixels(data) == 123 * 45


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * 1_100_000,
        b"GIF89a\x08\0\x08\0\0\0\0!\xfe" + b"\1." * 1_000_000,
    ],
)
def test_a_file_in_too_many_pieces_is_refused(data):
    message = message_of(data, name="dust")
    assert message.startswith("dust is in too many pieces: expected a usual ")


def test_a_tiff_of_too_many_strips_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    for start, entry in ((b"II*\0\x08\0\0\0", "<H"), (b"MM\0*\0\0\0\x08", ">H")):
        order = entry[0]
        tags = struct.pack(order + "HHHII", 1, 273, 4, 100_001, 8)
        assert "strips, tiles or other values, got 100,001" in message_of(start + tags)
    big = b"II+\0\x08\0\0\0" + struct.pack("<QQHHQQ", 16, 1, 273, 4, 2**40, 8)
    assert "got 1,099,511,627,776" in message_of(big)


def test_a_webp_of_too_many_frames_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MAX_FRAMES", 1)
    assert "at most 1 frames, got 2" in message_of(file_with_two("WEBP"))


def test_a_run_length_bmp_has_a_cap_of_its_own():
    header = struct.pack("<IiiHHIIiiII", 40, 3_000, 3_000, 1, 8, 1, 0, 0, 0, 256, 0)
    data = struct.pack("<2sIHHI", b"BM", 1_200, 0, 0, 1_078) + header
    message = message_of(data + bytes(1_024) + b"\0\1")
    # 50 MP * 7.5 / 70 bytes = 5.36 MP
    assert "at most 5 megapixels in BMP of this make, got 3,000 x 3,000" in message


def test_a_colour_profile_of_an_unusual_size_is_ignored_and_said(monkeypatch):
    monkeypatch.setattr(to_srgb, "MAX_PROFILE_BYTES", len(swapped_profile()) - 1)
    data = file_of(flat("RGB", RED), "PNG", icc_profile=swapped_profile())
    assert pixel(data) == RED
    assert read_image(data).notes == (NO_PROFILE,)


def test_exif_of_an_unusual_size_is_not_looked_into():
    exif = exif_with(6)
    exif[0x9286] = b"x" * reading.MAX_EXIF_BYTES
    photo = read_image(file_of(quadrants(), "PNG", exif=exif))
    assert photo.rgb.shape == (48, 64, 3)
    assert "orientation could not be read" in photo.notes[0]


def test_pictures_queue_for_memory_and_none_waits_for_ever(monkeypatch):
    queue, waiting = limits.Queue(), threading.Semaphore(0)
    wait = queue._changed.wait

    def told_wait(timeout=None):
        waiting.release()
        return wait(timeout)

    monkeypatch.setattr(queue._changed, "wait", told_wait)
    placed = []

    def decode(size):
        with queue.place(size, 100):
            placed.append(size)

    with ThreadPoolExecutor(2) as pool:
        with queue.place(60, 100):
            decode(40)  # fits beside the 60
            others = [pool.submit(decode, size) for size in (41, 250)]
            for _ in others:
                assert waiting.acquire(timeout=30)
            assert placed == [40]
        # The 250 are more than all may take, and come when nobody else decodes.
        for other in others:
            other.result(timeout=30)
    assert sorted(placed) == [40, 41, 250]


def test_a_picture_takes_its_place_in_the_queue(monkeypatch):
    taken = []
    monkeypatch.setattr(
        reading, "_queue", SimpleNamespace(place=lambda *a: taken.append(a) or place())
    )

    @contextlib.contextmanager
    def place():
        yield

    data = file_of(flat("RGB", RED, (100, 100)), "PNG")
    read_image(data)
    # 4.5 bytes a pixel and the file; all together 50 MP of 7.5 bytes
    assert taken == [(45_000 + len(data), 375_000_000)]


def test_damaged_files_leave_standard_error_alone(tmp_path):
    data = bytearray(file_of(noise(), "TIFF", compression="tiff_adobe_deflate"))
    data[10:30] = bytes(20)  # its first strip: libtiff tells of it
    (tmp_path / "a.tif").write_bytes(data)
    exif = b"Exif\0\0II*\0\x08\0\0\0\x09\0" + bytes(9)
    (tmp_path / "b.png").write_bytes(file_of(quadrants(), "PNG", exif=exif))
    tags = ((256, 9), (257, 9), (277, 9))  # 9 samples a pixel: Pillow's log tells
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    many = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    (tmp_path / "c.tif").write_bytes(many)
    code = f"""
import os, sys
os.dup2(1, 2)
from pathlib import Path
from agemodel.images import read_image
from agemodel.core.errors import ImageError
for path in sorted(Path({str(tmp_path)!r}).iterdir()):
    try:
        read_image(path)
    except ImageError:
        pass
"""
    assert run_python(code) == ""


# --- errors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "came"),
    [
        (b"Dear diary,\nto-day I", "a text file"),
        ("Grüße, прывітанне".encode(), "a text file"),
        (("é" * 600).encode()[:-1], "a text file"),  # the excerpt splits a character
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\0", "a ZIP archive or an office document"),
        (b"\x1f\x8b\x08\0", "a compressed archive"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomavc1", "a video or a sound file"),
        (b"\x1aE\xdf\xa3\x01\0", "a video or a sound file"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "a video or a sound file"),
        (b"8BPS\0\x01", "a Photoshop document"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "what macOS keeps beside a file"),
        (b"\0\0\x01\0\x01\0\x10\x10", "an unknown kind of file"),
        (bytes(range(256)), "an unknown kind of file"),
        (b"\xff\xfe\xfd\xfc", "an unknown kind of file"),
    ],
)
def test_what_came_instead_of_a_picture_is_named(data, came):
    message = message_of(data, name="notes.txt")
    what = "notes.txt is not a picture this app can read"
    assert message == f"{what}: {EXPECTED}, got {came}."


@pytest.mark.parametrize("pillow_format", FORMATS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused(pillow_format, share):
    data = file_of(noise(), pillow_format)
    message = message_of(data[: int(len(data) * share)], name="half")
    assert message.startswith(("half is cut off: ", "half cannot be decoded: "))
    assert "cut off" in message


def test_a_file_that_lacks_only_its_end_mark_is_read():
    data = file_of(noise(), "PNG")
    np.testing.assert_array_equal(read_image(data[:-12]).rgb, noise())


NO_END = "The file lacks its end marker; the picture in it is whole."
JPEGS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "fine": {"quality": 100, "subsampling": 0},
    "in intervals": {"restart_marker_rows": 1},
}


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("behind", [b"", b"\xff"])
def test_a_jpeg_that_lacks_only_its_end_marker_is_read_and_said(options, behind):
    data = file_of(noise(), "JPEG", **options)
    assert data.endswith(b"\xff\xd9")
    photo = read_image(data[:-2] + behind)
    np.testing.assert_array_equal(photo.rgb, read_image(data).rgb)
    assert photo.notes == (NO_END,)


@pytest.mark.parametrize("options", JPEGS.values(), ids=JPEGS)
@pytest.mark.parametrize("picture", ["noise", "flat"])
def test_a_jpeg_that_lacks_more_than_its_end_marker_is_cut_off(options, picture):
    pixels = noise() if picture == "noise" else flat("RGB", RED, (100, 75))
    data = file_of(pixels, "JPEG", **options)
    begin = data.index(b"\xff\xda")
    # 5: two bytes of coefficients, the last of which may hold none
    step = (len(data) - begin) // 15
    for end in [len(data) - 5, *range(begin + 40, len(data) - 5, step)]:
        assert "cut off: expected a whole JPEG" in message_of(data[:end])


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "nothing.jpg"
    path.touch()
    assert message_of(path) == f"nothing.jpg is empty: {EXPECTED}, got 0 bytes."
    assert message_of(b"") == f"This file is empty: {EXPECTED}, got 0 bytes."


def test_a_folder_and_a_missing_path_are_refused(tmp_path):
    folder = tmp_path / "holiday"
    folder.mkdir()
    assert message_of(folder) == "holiday is a folder: expected a picture file."
    missing = message_of(tmp_path / "gone.jpg")
    assert missing == "gone.jpg is not there: expected a picture file."
    assert "expected a picture file" in message_of("nul\0l.jpg")
    if os.name != "nt":
        (tmp_path / "link.jpg").symlink_to("gone.jpg")
        assert "link.jpg is a link to what is not there" in message_of(
            tmp_path / "link.jpg"
        )
    assert "expected a" in message_of("x" * 5_000)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "private.jpg"
    path.write_bytes(b"x")

    def deny(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", deny)
    message = message_of(path)
    assert message.startswith("private.jpg cannot be opened: ")
    assert message.endswith("got 'Permission denied'.")
    assert str(tmp_path) not in message


def test_a_name_cannot_forge_lines_of_a_message():
    message = message_of(b"text", name="a\nERROR: \x1b[31mb.jpg")
    assert message.startswith(r"a\nERROR: \x1b[31mb.jpg is not a picture")


@pytest.mark.parametrize(
    "error",
    [
        *(OSError("x"), SyntaxError("x"), MemoryError(), struct.error("x")),
        *(KeyError("x"), Image.DecompressionBombError("x"), UserWarning("x")),
    ],
)
def test_whatever_a_decoder_raises_is_an_image_error(error, monkeypatch):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(ImageError, match=r"^a\.png .*: expected ") as caught:
        read_image(file_of(quadrants(), "PNG"), name="a.png")
    assert caught.value.__cause__ is error


# --- shrinking and encoding --------------------------------------------------------


def test_downscale_averages_areas():
    rgb = np.zeros((4, 8, 3), np.uint8)
    rgb[:2, :2] = ((100,) * 3, (120,) * 3), ((140,) * 3, (160,) * 3)
    small = downscale(rgb, 4)
    assert small.shape == (2, 4, 3)
    assert small[0, 0].tolist() == [130, 130, 130]  # the mean of the four
    assert small[1, 1].tolist() == [0, 0, 0]


def test_downscale_returns_the_same_object_when_it_is_small_enough():
    rgb = quadrants()
    assert downscale(rgb, 64) is rgb
    assert downscale(rgb, 1000) is rgb


@pytest.mark.parametrize(
    ("size", "max_side_px", "expected"),
    # 300 * 100 / 500 = 60; a thin strip keeps one pixel
    [((300, 500), 100, (60, 100)), ((500, 300), 100, (100, 60)), ((1, 900), 9, (1, 9))],
)
def test_downscale_keeps_the_aspect(size, max_side_px, expected):
    rgb = np.zeros((*size, 3), np.uint8)
    assert downscale(rgb, max_side_px).shape == (*expected, 3)


def test_a_png_comes_back_as_it_was():
    np.testing.assert_array_equal(read_image(encode_png(quadrants())).rgb, quadrants())


def test_a_jpeg_comes_back_nearly_and_is_smaller_at_a_lower_quality():
    assert_quadrants(read_image(encode_jpeg(quadrants())).rgb)
    assert len(encode_jpeg(noise(), quality=30)) < len(encode_jpeg(noise()))


@pytest.mark.parametrize("encode", [encode_jpeg, encode_png])
def test_metadata_goes_no_further_than_the_reader(encode):
    options = {"exif": exif_with(6), "icc_profile": swapped_profile()}
    data = file_of(quadrants(), "JPEG", comment=b"Secret place", **options)
    assert data.count(b"Secret") == 2
    photo = read_image(data, name="a.jpg")
    assert set(vars(photo)) == {"name", "rgb", "width", "height", "notes"}
    encoded = encode(photo.rgb)
    for trace in (b"Secret", b"Exif", b"eXIf", b"ICC", b"iCCP"):
        assert trace not in encoded


# --- process -----------------------------------------------------------------------


def test_importing_loads_neither_tensorflow_nor_the_heic_reader():
    code = (
        "import sys, agemodel.images; heavy = {'tensorflow', 'keras', 'pillow_heif', "
        "'streamlit', 'pandas'}; print(sorted(heavy & set(sys.modules)))"
    )
    assert run_python(code) == "[]"


def test_the_first_heic_may_come_from_many_threads_at_once(tmp_path):
    path = tmp_path / "a.heic"
    path.write_bytes(file_of(quadrants(), "HEIF"))
    code = f"""
from concurrent.futures import ThreadPoolExecutor
from agemodel.images import read_image
with ThreadPoolExecutor(8) as pool:
    photos = list(pool.map(read_image, [{str(path)!r}] * 32))
print({{photo.rgb.shape for photo in photos}})
"""
    assert run_python(code) == "{(48, 64, 3)}"


# --- any bytes at all --------------------------------------------------------------


STARTS = [file_of(quadrants(), name)[:12] for name in FORMATS]


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.sampled_from([*STARTS, b""]), st.binary(max_size=400))
def test_random_bytes_are_an_image_error(start, rest):
    """Damaged files, some of which can be read, are tried in tests/drills."""
    message = message_of(start + rest, name="x")
    assert message.startswith("x ")
    assert message.endswith(".")
