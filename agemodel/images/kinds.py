"""The kind of a file, from its first bytes."""

from __future__ import annotations

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo", ".png", ".webp"),
    *(".heic", ".heif", ".hif", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
)
"""Endings of files that are read where a folder is given, in lower case.

RAW files are not among them: a camera writes most beside a JPEG of the same photo.
"""

EXPECTED = "JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF"
PILLOW_FORMATS = {kind: kind.upper() for kind in ("JPEG", "PNG", "WebP", "AVIF")}
PILLOW_FORMATS |= {"HEIC": "HEIF", "GIF": "GIF", "BMP": "BMP", "TIFF": "TIFF"}
"""Pillow's name for each kind; JPEG covers MPO, of which it reads the first picture."""

_PICTURE_STARTS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "TIFF"),
}
_RAW = "a camera's RAW file, which must be saved as JPEG first"
_OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a compressed archive",
    b"\x1aE\xdf\xa3": "a video or a sound file",
    **dict.fromkeys((b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0"), _RAW),
    **dict.fromkeys((b"\0MRM", b"FOVb"), _RAW),
    b"8BPS": "a Photoshop document",
    b"\0\5\x16\7": "what macOS keeps beside a file",
}
_CANON_RAW_BRAND = b"crx "
_HEIC_BRANDS = b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split()


def kind_of(data: bytes) -> str:
    """A key of `PILLOW_FORMATS`, or a phrase for anything else."""
    if data[:4] == b"RIFF":
        return "WebP" if data[8:12] == b"WEBP" else "a video or a sound file"
    if data[4:8] == b"ftyp":  # one container for HEIC, AVIF and MP4: its brands tell
        brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
        if data[8:12] == _CANON_RAW_BRAND:
            return _RAW
        return "HEIC" if data[8:12] in _HEIC_BRANDS else "a video or a sound file"
    for start, kind in (_PICTURE_STARTS | _OTHER_STARTS).items():
        if data.startswith(start):
            return kind
    return _kind_of_text(data[:1024])


def _kind_of_text(start: bytes) -> str:
    text = start.decode("utf-8", errors="ignore")
    # at most three bytes are lost where the excerpt ends inside a character
    is_whole = text and len(text.encode()) >= len(start) - 3
    if not is_whole or not all(c.isprintable() or c.isspace() for c in text):
        return "an unknown kind of file"
    return "an SVG drawing" if "<svg" in text else "a text file"
