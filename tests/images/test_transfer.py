from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from agemodel.images import read_image, transfer
from tests.harness.pictures import file_of, flat, srgb_profile, swapped_profile

HDR = (
    "An HDR photo: its brightness was fitted to a usual screen, so what is brighter "
    "than white paper is white.",
)
BT_709, P3, BT_2020 = 1, 12, 9
SRGB, LINEAR, PQ, HLG = 13, 8, 16, 18


def png(picture: Image.Image, chunks: dict[bytes, bytes], **options: Any) -> bytes:
    info = PngInfo()
    for name, content in chunks.items():
        info.add(name, content)
    return file_of(picture, "PNG", pnginfo=info, **options)


def gamma(number: float) -> dict[bytes, bytes]:
    return {b"gAMA": struct.pack(">I", round(number * 100_000))}


def code_points(primaries: int, curve: int) -> dict[bytes, bytes]:
    return {b"cICP": bytes([primaries, curve, 0, 1])}


def with_codes(
    pillow_format: str, picture: Image.Image, primaries: int, curve: int
) -> bytes:
    """A file whose colours are stated by the numbers of H.273."""
    if pillow_format == "PNG":
        return png(picture, code_points(primaries, curve))
    if pillow_format == "HEIF":
        names = ("color_primaries", "transfer_characteristics")
        stated = dict(zip(names, (primaries, curve), strict=True))
        return file_of(
            picture, "HEIF", quality=-1, chroma=444, **stated, matrix_coefficients=6
        )
    data = file_of(picture, "AVIF", quality=100)
    at = data.index(b"colrnclx") + 8
    return data[:at] + struct.pack(">HH", primaries, curve) + data[at + 4 :]


def pixel(data: bytes) -> tuple[int, ...]:
    return tuple(int(value) for value in read_image(data).rgb[32, 32])


def grey(value: int) -> Image.Image:
    return flat("RGB", (value,) * 3, (64, 64))


# ---------------------------------------------------------------- gamma


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        # linear 128 / 255 = 0.502; sRGB: 1.055 * 0.502 ** (1 / 2.4) - 0.055 = 0.737
        (1.0, 188),
        # 0.502 ** 1.8 = 0.289; 1.055 * 0.289 ** (1 / 2.4) - 0.055 = 0.574
        (1 / 1.8, 146),
        (1 / 2.2, 128),  # that of sRGB
        (0.46, 128),  # 0.46 * 2.2 = 1.012: as near as makes no difference
        (0.0, 128),  # which says nothing
    ],
)
def test_the_gamma_of_a_png_is_honoured(number: float, expected: int) -> None:
    data = png(grey(128), gamma(number))
    assert np.abs(np.subtract(pixel(data), expected)).max() <= 1
    assert read_image(data).notes == ()


@pytest.mark.parametrize(
    "picture",
    [
        flat("L", 128, (64, 64)),
        Image.fromarray(np.full((64, 64), 128 * 257, np.uint16)),
        flat("P", 1, (64, 64)),
    ],
)
def test_the_gamma_of_a_png_is_honoured_in_every_mode(picture: Image.Image) -> None:
    if picture.mode == "P":
        picture.putpalette([0, 0, 0, 128, 128, 128])
    assert pixel(png(picture, gamma(1.0))) == (188,) * 3


def test_gamma_leaves_the_alpha_alone() -> None:
    # 188 * 0.4 + 255 * 0.6 = 228
    data = png(flat("RGBA", (128, 128, 128, 102), (64, 64)), gamma(1.0))
    assert np.abs(np.subtract(pixel(data), 228)).max() <= 1


def test_a_stated_srgb_and_a_profile_replace_the_gamma() -> None:
    stated = png(grey(128), gamma(1.0) | {b"sRGB": b"\0"})
    profiled = png(grey(128), gamma(1.0), icc_profile=srgb_profile())
    assert pixel(stated) == (128,) * 3
    assert np.abs(np.subtract(pixel(profiled), 128)).max() <= 1


# ---------------------------------------------------------------- HDR


@pytest.mark.parametrize("pillow_format", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # ST 2084: 130 / 255 is 101 nits; 101 / 203 = 0.5, in sRGB 188
        (130, 188),
        (148, 255),  # 203 nits and a little more: white paper
        (220, 255),
        (0, 0),
    ],
)
def test_pq_is_fitted_to_srgb_and_said(
    pillow_format: str, value: int, expected: int
) -> None:
    data = with_codes(pillow_format, grey(value), BT_2020, PQ)
    assert np.abs(np.subtract(pixel(data), expected)).max() <= 2
    assert read_image(data).notes == HDR


def test_hlg_is_fitted_to_srgb_and_said() -> None:
    # BT.2408: 75 % is white paper; at 50 % the scene has 1 / 12, and
    # 1000 * (1 / 12) ** 1.2 / 203 = 0.25, in sRGB 137
    for value, expected in ((191, 255), (127, 137)):
        data = with_codes("PNG", grey(value), BT_2020, HLG)
        assert np.abs(np.subtract(pixel(data), expected)).max() <= 2
        assert read_image(data).notes == HDR


@pytest.mark.parametrize(
    ("primaries", "value", "expected"),
    [
        # PQ values of 0.6274, 0.0691, 0.0164 times 203 nits, which are sRGB's red in
        # BT.2020 (BT.2087, table 2): 127, 14.0 and 3.33 nits
        (BT_2020, (136, 79, 56), (255, 0, 0)),
        # and of 0.8225, 0.0332, 0.0171 times 203 nits in Display P3
        (P3, (142, 67, 57), (255, 0, 0)),
        (BT_709, (148, 0, 0), (255, 0, 0)),
    ],
)
def test_the_primaries_of_hdr_are_brought_to_those_of_srgb(
    primaries: int, value: tuple[int, int, int], expected: tuple[int, int, int]
) -> None:
    data = with_codes("PNG", flat("RGB", value, (64, 64)), primaries, PQ)
    assert np.abs(np.subtract(pixel(data), expected)).max() <= 25  # of 8-bit steps


def test_hdr_comes_before_a_profile() -> None:
    stated = code_points(BT_2020, PQ)
    data = png(grey(130), stated, icc_profile=swapped_profile())
    assert np.abs(np.subtract(pixel(data), 188)).max() <= 2


@pytest.mark.parametrize("pillow_format", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize(
    ("number", "expected", "notes"),
    [
        (SRGB, 128, ()),
        (LINEAR, 188, ()),
        (
            9,
            128,
            ("Its brightness curve is a rare one (H.273: 9): it was taken as sRGB.",),
        ),
    ],
)
def test_other_curves_are_honoured_or_said(
    pillow_format: str, number: int, expected: int, notes: tuple[str, ...]
) -> None:
    data = with_codes(pillow_format, grey(128), BT_709, number)
    assert np.abs(np.subtract(pixel(data), expected)).max() <= 2
    assert read_image(data).notes == notes


def test_the_colours_of_another_item_of_an_avif_are_not_the_photos() -> None:
    # an HDR rendition beside a plain photo: property 2 is its own, not item 1's
    data = bytearray(with_codes("AVIF", grey(130), BT_2020, PQ))
    assert transfer._codes_of_avif(bytes(data)) == (BT_2020, PQ)
    associations = data.index(b"ipma") + 4
    assert data[associations : associations + 10] == bytes(7) + b"\1\0\1"
    data[associations + 9] = 7  # the number of the item that has the properties
    assert transfer._codes_of_avif(bytes(data)) is None


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_damaged_table_of_properties_is_no_curve(cut: int) -> None:
    data = with_codes("AVIF", grey(130), BT_2020, PQ)
    at = data.index(b"ipma")
    damaged = data[: at + 4] + b"\xff" * cut + data[at + 4 + cut :]
    try:
        found = transfer._codes_of_avif(damaged)
    except (IndexError, struct.error):
        found = None
    assert found in (None, (BT_2020, PQ))


def test_hdr_is_a_note_of_a_file_from_a_camera_too() -> None:
    # Canon's .hif: HEVC of 10 bits in PQ; Pillow gets its 8 highest
    import pillow_heif

    values = np.full((64, 64, 3), 130 * 257, np.uint16)
    heif = pillow_heif.from_bytes("RGB;16", (64, 64), values.tobytes())
    buffer = BytesIO()
    heif.save(
        buffer,
        quality=-1,
        color_primaries=BT_2020,
        transfer_characteristics=PQ,
        matrix_coefficients=BT_2020,
    )
    photo = read_image(buffer.getvalue())
    assert photo.notes == HDR
    assert np.abs(photo.rgb[32, 32].astype(int) - 188).max() <= 3
