from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from agemodel.core.errors import ConfigError
from agemodel.core.labels import group_probabilities
from agemodel.learning.export import convert
from agemodel.learning.networks import (
    NETWORKS,
    build_network,
    freeze_blocks,
    group_shares,
    has_groups,
    spread_groups,
)
from agemodel.runs.recipes import TRUNK_BLOCKS
from tests.harness.made_faces import noise


def faces(count: int, size_px: int = 32) -> np.ndarray:
    return np.stack([noise(size_px, size_px, seed) for seed in range(count)])


def sharp_group_cnn(input_px: int = 32) -> keras.Model:
    """Untrained, but sure of what it says, and of another group for each face."""
    keras.utils.set_random_seed(0)
    model = build_network("group_cnn", input_px, 0.0)
    logits = model.get_layer("group_logits")
    logits.set_weights([logits.get_weights()[0] * 200, logits.get_weights()[1]])
    spread_groups(model, np.random.default_rng(0).integers(1, 100, 500))
    return model


def softmax_of(model: keras.Model, rgb: np.ndarray) -> np.ndarray:
    groups = keras.Model(model.input, model.get_layer("age_groups").output)
    return groups.predict(rgb.astype(np.float32), verbose=0)


def test_sums_of_the_group_networks_ages_are_its_softmax() -> None:
    model, rgb = sharp_group_cnn(), faces(20)
    ages = model.predict(rgb.astype(np.float32), verbose=0)["age"]
    softmax = softmax_of(model, rgb)
    assert softmax.max() > 0.5
    np.testing.assert_allclose(group_probabilities(ages), softmax, rtol=1e-5)
    np.testing.assert_allclose(ages.sum(1), 1, rtol=1e-5)


def test_faces_are_grey_to_the_group_network() -> None:
    model = sharp_group_cnn()
    red = np.zeros((1, 32, 32, 3), np.uint8)
    red[:, :16, :, 0] = 200
    # ITU-R BT.601: 0.2989 * 200 = 59.78 of red are as light as of grey.
    grey = np.zeros((1, 32, 32, 3), np.float32)
    grey[:, :16] = 59.78 / 0.9999  # its three shares sum to 0.9999
    np.testing.assert_allclose(
        softmax_of(model, red), softmax_of(model, grey), atol=1e-4
    )


def test_group_network_survives_saving_and_export(tmp_path: Path) -> None:
    model, rgb = sharp_group_cnn(), faces(12)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    expected = model.predict(rgb.astype(np.float32), verbose=0)
    answer = loaded.predict(rgb.astype(np.float32), verbose=0)
    np.testing.assert_array_equal(answer["age"], expected["age"])
    assert has_groups(loaded)
    run = Interpreter(model_content=convert(loaded, None)).get_signature_runner()
    ages = [run(rgb=face[None].astype(np.float32))["age"] for face in rgb]
    np.testing.assert_allclose(np.concatenate(ages), expected["age"], atol=1e-5)


def test_group_network_is_small(tmp_path: Path) -> None:
    model = build_network("group_cnn", 128, 0.4)
    # Convolutions 9 * (1*16 + 16*48 + 48*96 + 96*128) = 159,120; norms 4 * 288 =
    # 1,152; dense 8*8*128 * 128 + 128 = 1,048,704; heads 129 * (9 + 1) = 1,290;
    # spread 9 * 116 = 1,044.
    assert model.count_params() == 1_211_310
    model.save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 6e6


def test_the_spread_is_never_learnt() -> None:
    model = build_network("group_cnn", 32, 0.0)
    names = {weight.path for weight in model.trainable_weights}
    assert not [name for name in names if name.startswith("age/")]
    assert any(name.startswith("group_logits/") for name in names)


def test_group_shares_are_those_of_the_faces() -> None:
    shares = group_shares(np.array([1, 1, 1, 2, 70, 116]))
    assert shares.shape == (9, 116)
    assert shares[0, :3].tolist() == [0.75, 0.25, 0]
    assert shares[8, [69, 70, 115]].tolist() == [0.5, 0, 0.5]
    # 20 to 29, ages at places 19 to 28, have no face
    assert shares[3, 18:30].tolist() == [0, *[0.1] * 10, 0]


def test_only_the_group_network_has_groups() -> None:
    assert has_groups(build_network("group_cnn", 32, 0.0))
    assert not has_groups(build_network("mobile", 32, 0.0))
    assert not has_groups(build_network("seed_cnn", 32, 0.0))


@pytest.mark.parametrize("blocks", [1, 5, TRUNK_BLOCKS])
def test_blocks_are_frozen_from_the_input_on(blocks: int) -> None:
    model = build_network("mobile", 32, 0.0)
    freeze_blocks(model, blocks)
    trunk = model.get_layer("trunk")
    learning = [layer.name for layer in trunk.layers if layer.trainable_weights]
    # conv1 lies before the first block, and every block has four layers with weights.
    assert "conv1" not in learning
    assert len(learning) == 4 * (TRUNK_BLOCKS - blocks)
    assert model.get_layer("age_logits").trainable_weights


def test_no_frozen_blocks_leave_any_network_as_it_is() -> None:
    for name in ("mobile", "seed_cnn"):
        model = build_network(name, 32, 0.0)
        before = len(model.trainable_weights)
        freeze_blocks(model, 0)
        assert len(model.trainable_weights) == before


@pytest.mark.parametrize("name", ["seed_cnn", "group_cnn"])
def test_network_without_a_trunk_cannot_be_frozen(name: str) -> None:
    model = build_network(name, 32, 0.0)
    with pytest.raises(ConfigError, match=f"'{name}' has no trunk to freeze"):
        freeze_blocks(model, 3)
    assert all(layer.trainable for layer in model.layers if layer.name != "age")


@pytest.mark.parametrize("blocks", [-1, TRUNK_BLOCKS + 1])
def test_blocks_that_the_trunk_does_not_have_cannot_be_frozen(blocks: int) -> None:
    model = build_network("mobile", 32, 0.0)
    with pytest.raises(ConfigError, match=rf"frozen_blocks is {blocks}; expected 0 to"):
        freeze_blocks(model, blocks)


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_each_network_takes_rgb_and_gives_age_and_gender(name: str) -> None:
    model = build_network(name, 64, 0.1)
    outputs = model.predict(np.zeros((2, 64, 64, 3), np.float32), verbose=0)
    width = {"group_cnn": 116, "mobile": 116, "seed_cnn": 1}[name]
    assert outputs["age"].shape == (2, width)
    assert outputs["gender"].shape == (2, 1)


def test_the_two_branch_network_is_the_one_written_up() -> None:
    model = build_network("seed_cnn", 128, 0.25)
    assert model.get_layer("age_flatten").output.shape == (None, 12_544)
    assert model.get_layer("gender_flatten").output.shape == (None, 12_544)
    # conv1 3*3*3*32+32 = 896, conv2 3*3*32*32+32 = 9,248; a branch: conv 18,496,
    # dense 12,544*512+512 = 6,423,040, out 513. 10,144 + 2 * 6,442,049 = 12,894,242.
    assert model.count_params() == 12_894_242


def test_an_unknown_network_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'resnet'; expected one of group_cnn"):
        build_network("resnet", 128, 0.0)
