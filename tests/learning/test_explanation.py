"""The heatmap is the derivative it claims to be; the embedding keeps what differs."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from agemodel.core.labels import AGES
from agemodel.learning import pretrained
from agemodel.learning.explanation import (
    EMBEDDING_SIZE,
    Projection,
    can_explain,
    explained,
    fit_projection,
    with_features,
)
from agemodel.learning.networks import build_network

PX = 96  # a feature map of 3 x 3


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    made = build_network("mobile", PX, 0.0)
    pretrained.load_trunk_weights(made.get_layer("trunk"))
    logits = made.get_layer("age_logits")
    kernel, bias = logits.get_weights()
    rng = np.random.default_rng(0)
    logits.set_weights([kernel, rng.normal(0, 1, bias.shape)])
    return made


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, PX, PX, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def projection() -> Projection:
    features = np.random.default_rng(1).normal(0, 1, (200, 1024))
    return fit_projection(features)


@pytest.fixture(scope="module")
def found(
    model: keras.Model, faces: np.ndarray, projection: Projection
) -> dict[str, np.ndarray]:
    """What the network says of the faces, with its reasons."""
    return explained(model, projection).predict(faces, verbose=0)


def expected_ages(model: keras.Model, features: np.ndarray) -> np.ndarray:
    """From feature maps, shape (n, h, w, c), through the real head."""
    logits = model.get_layer("age_logits")(features.mean((1, 2)))
    p = keras.ops.convert_to_numpy(model.get_layer("age")(logits))
    return p.astype(np.float64) @ AGES


def test_a_cell_moves_the_expected_age_as_the_heatmap_says(
    model: keras.Model, faces: np.ndarray, found: dict[str, np.ndarray]
) -> None:
    inner = keras.Model(model.input, model.get_layer("pool").input)
    features = inner.predict(faces, verbose=0)
    step = 0.05
    for y, x in ((0, 0), (1, 2), (2, 1)):
        more, less = features.copy(), features.copy()
        more[:, y, x] *= 1 + step
        less[:, y, x] *= 1 - step
        slope = expected_ages(model, more) - expected_ages(model, less)
        np.testing.assert_allclose(
            found["heatmap"][:, y, x], slope / (2 * step), rtol=0.03, atol=1e-3
        )
    assert np.abs(found["heatmap"]).max() > 0.1  # else all this shows nothing


def test_the_heatmap_adds_up_to_all_that_the_features_say(
    model: keras.Model, faces: np.ndarray, found: dict[str, np.ndarray]
) -> None:
    pooled = with_features(model).predict(faces, verbose=0)["features"]
    kernel, _ = model.get_layer("age_logits").get_weights()
    p = found["age"].astype(np.float64)
    pull = p * (AGES - (p @ AGES)[:, None])
    np.testing.assert_allclose(
        found["heatmap"].sum((1, 2)), (pull * (pooled @ kernel)).sum(1), rtol=1e-3
    )


def test_the_other_outputs_stay_as_they_were(
    model: keras.Model, faces: np.ndarray, found: dict[str, np.ndarray]
) -> None:
    for name, values in model.predict(faces, verbose=0).items():
        np.testing.assert_array_equal(found[name], values)


def test_the_network_embeds_as_the_projection_does(
    model: keras.Model,
    faces: np.ndarray,
    projection: Projection,
    found: dict[str, np.ndarray],
) -> None:
    features = with_features(model).predict(faces, verbose=0)["features"]
    assert found["embedding"].shape == (3, EMBEDDING_SIZE)
    np.testing.assert_allclose(
        found["embedding"], projection.embed(features), rtol=2e-3, atol=2e-3
    )


def test_an_embedding_keeps_the_distances_that_matter() -> None:
    rng = np.random.default_rng(0)
    # Faces that differ in 40 directions, and by a little noise in 100 others.
    features = rng.normal(0, 3, (500, 40)) @ rng.normal(0, 1, (40, 140))
    noisy = features + rng.normal(0, 0.1, features.shape) + 7
    embedded = fit_projection(noisy).embed(noisy).astype(np.float64)
    first, second = embedded[:250], embedded[250:]
    true = np.linalg.norm(features[:250] - features[250:], axis=1)
    np.testing.assert_allclose(np.linalg.norm(first - second, axis=1), true, rtol=0.02)
    np.testing.assert_allclose(embedded.mean(0), 0, atol=0.2)


def test_directions_come_by_how_much_faces_differ_in_them() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(0, np.linspace(5, 1, 80), (3000, 80))
    projection = fit_projection(features)
    spread = projection.embed(features).astype(np.float64).std(0)
    assert (np.diff(spread) < 0.05).all()
    assert spread[0] == pytest.approx(5, rel=0.1)
    np.testing.assert_allclose(
        projection.components.T @ projection.components, np.eye(64), atol=1e-5
    )


def test_a_network_with_dense_branches_cannot_be_explained() -> None:
    plain = build_network("seed_cnn", 64, 0.0)
    assert not can_explain(plain)
    assert with_features(plain) is plain
