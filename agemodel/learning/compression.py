"""Compression of saved models to less than half their size.

A weight in float32 has 24 significant bits, of which a trained network needs few. With
11, as float16 has, but without its narrow range, the rest are zeros, which a compressor
removes: 13 of 32 bits, and most of the exponent's with them.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

SIGNIFICANT_BITS = 11


def round_bits(weights: np.ndarray) -> np.ndarray:
    """Round numbers of any shape to the nearest of `SIGNIFICANT_BITS` significant bits.

    So each changes by at most one part in 2,048; a tie goes to the even one.
    """
    fraction, exponent = np.frexp(weights)  # 0.5 <= |fraction| < 1, or 0
    whole = np.round(np.ldexp(fraction, SIGNIFICANT_BITS))
    return np.ldexp(whole, exponent - SIGNIFICANT_BITS)


def compress(path: Path) -> None:
    """Write a `.keras` file, a zip of stored parts, again with its parts compressed.

    By bzip2, which sorts: it makes of such weights three quarters of what deflate
    makes. Keras reads it as it does any other.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
