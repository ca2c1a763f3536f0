from __future__ import annotations

import zipfile
from pathlib import Path

import keras
import numpy as np

from agemodel.learning.compression import SIGNIFICANT_BITS, compress, round_bits


def test_numbers_keep_eleven_significant_bits() -> None:
    # Between 1 and 2, numbers of eleven bits are 2^-10 apart; between 1,024 and 2,048
    # they are 1 apart; a tie goes to the even one.
    given = [1 + 2**-10, 1 + 2**-12, 1 + 3 * 2**-12, 1500.4, -1500.6, 1500.5, 1501.5]
    expected = [1 + 2**-10, 1, 1 + 2**-10, 1500, -1501, 1500, 1502]
    rounded = round_bits(np.array(given, np.float32))
    assert rounded.tolist() == expected
    assert rounded.dtype == np.float32


def test_rounding_takes_the_nearest_over_the_whole_range_of_float32() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(300, 40)) * 10.0 ** rng.integers(-37, 37, (300, 40))
    numbers = numbers.astype(np.float32)
    rounded = round_bits(numbers)
    error = np.abs(rounded.astype(float) / numbers - 1)
    assert 0.9 / 2048 < error.max() <= 1 / 2048
    fraction, _ = np.frexp(rounded)
    assert (np.ldexp(fraction, SIGNIFICANT_BITS) % 1 == 0).all()
    np.testing.assert_array_equal(round_bits(rounded), rounded)


def test_nought_and_what_is_no_number_stay() -> None:
    given = np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32)
    np.testing.assert_array_equal(round_bits(given), given)


def test_compressed_model_is_the_same_model(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    dense = keras.layers.Dense(200)
    model = keras.Sequential([keras.Input((300,)), dense])
    dense.set_weights([round_bits(weight) for weight in dense.get_weights()])
    model.save(path)
    stored = path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    compress(path)
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == parts
    assert path.stat().st_size < 0.5 * stored
    assert list(tmp_path.iterdir()) == [path]
    loaded = keras.saving.load_model(path)
    np.testing.assert_array_equal(loaded.get_weights()[0], dense.get_weights()[0])
