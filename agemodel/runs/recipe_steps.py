"""A run described in five steps: data, design, build, train and use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from agemodel.core.labels import AGE_GROUPS, AGES
from agemodel.runs.architecture import Network
from agemodel.runs.config import TrainConfig
from agemodel.runs.recipes import data_in_words, start_in_words, steps_in_words
from agemodel.runs.run_comparison import SELECTION_MEASURE, best_row

DATA, DESIGN, BUILD, TRAIN, USE = "Data", "Design", "Build", "Train", "Use"
STEPS = (DATA, DESIGN, BUILD, TRAIN, USE)

DISTRIBUTION, GROUPS, NUMBER = "distribution", "groups", "number"


def age_form(network: Network) -> str:
    """The form of a network's age output: `DISTRIBUTION`, `GROUPS` or `NUMBER`."""
    layers = {layer.name: layer for layer in network.layers}
    last = layers[network.outputs["age"]]
    if last.output_shape != (len(AGES),):
        return NUMBER
    before = [layers[name].output_shape for name in last.inputs]
    return GROUPS if before == [(len(AGE_GROUPS),)] else DISTRIBUTION


def five_steps(
    run_id: str,
    config: TrainConfig,
    *,
    faces: dict[str, int] | None = None,
    network: Network | None = None,
    history: pd.DataFrame | None = None,
    environment: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    exports: Sequence[str] = (),
) -> dict[str, str]:
    """Sentences in plain text by step, in the order of `STEPS`.

    What is not known yet is left out.

    Args:
        run_id: the run's id.
        config: the recipe.
        faces: the number of faces of each part (train, val, test).
        network: the run's network.
        history: one row per epoch.
        environment: the content of environment.json.
        metrics: the content of metrics.json.
        exports: names of the models exported from the run.
    """
    sentences = {
        DATA: data_in_words(config, faces)
        if faces
        else "Its faces are not chosen yet.",
        DESIGN: design_in_words(config, network),
        BUILD: build_in_words(config, network),
        TRAIN: train_in_words(config, history, environment),
        USE: use_in_words(run_id, config, metrics, exports),
    }
    return {step: text.replace("`", "") for step, text in sentences.items()}


def design_in_words(config: TrainConfig, network: Network | None) -> str:
    """The network: its size and its outputs."""
    text = f"The network {config.network}, for faces of {config.input_px} px."
    if network is None:
        return text
    convolutions = sum(layer.kind.endswith("Conv2D") for layer in network.layers)
    says = {
        DISTRIBUTION: f"how probable each of {len(AGES)} ages is",
        GROUPS: f"how probable each of {len(AGE_GROUPS)} age groups is, spread over "
        "the ages within it",
        NUMBER: "one number, in years",
    }[age_form(network)]
    return (
        f"{text} {len(network.layers)} layers, {convolutions} of them convolutions, "
        f"hold {network.parameters:,} parameters, of which "
        f"{network.trainable_parameters:,} are trained. It says {says}; and of the "
        "gender, as labelled in the dataset, how probable 'female' is. Brightness is "
        "scaled within the network, so that a saved model needs no preparation."
    )


def build_in_words(config: TrainConfig, network: Network | None) -> str:
    """The initial weights and the loss."""
    sentences = [start_in_words(config)]
    if network is not None:
        sentences.append(_loss_in_words(config, age_form(network)))
    if config.dropout:
        sentences.append(
            f"{config.dropout:.0%} of the features are dropped at random in training."
        )
    if config.weight_decay:
        sentences.append(f"The optimizer's weight decay is {config.weight_decay:g}.")
    if config.weight_average:
        sentences.append(
            "At the end of every epoch the weights are replaced by their moving mean "
            f"(momentum {config.weight_average:g})."
        )
    if config.start_share:
        sentences.append(
            f"In the model that is kept, {config.start_share:.0%} of each weight is "
            "what it started from."
        )
    return " ".join(sentences)


def _loss_in_words(config: TrainConfig, form: str) -> str:
    if form == DISTRIBUTION:
        text = (
            "Minimised is the cross-entropy of the ages against a bell of "
            f"{config.age_target_sd_years:g} years around the true one"
        )
        if config.age_mae_weight:
            text += f", with {config.age_mae_weight:g} times the error of the mean age"
    elif form == GROUPS:
        text = "Minimised is the cross-entropy of the age groups"
    else:
        text = "Minimised is the squared error of the age"
    times = "" if config.gender_weight == 1 else f"{config.gender_weight:g} times "
    return f"{text}; to it is added {times}the cross-entropy of the gender."


def train_in_words(
    config: TrainConfig,
    history: pd.DataFrame | None,
    environment: Mapping[str, Any] | None,
) -> str:
    """The optimisation, its duration, machine and result."""
    sentences = [steps_in_words(config)]
    if config.mixed_bfloat16:
        sentences.append("It computes in bfloat16; the weights stay float32.")
    best = None if history is None else best_row(history)
    if history is not None and best is not None:
        row = history.iloc[best]
        least = {"age": "error of the age", "loss": "loss"}[config.choose_by]
        sentences.append(
            f"{len(history)} epochs are done, in {history['seconds'].sum() / 60:,.0f} "
            f"minutes. The model of epoch {row['epoch']:.0f} is kept: its {least} is "
            "the least on validation, where it errs by "
            f"{row[SELECTION_MEASURE]:.2f} years on average."
        )
    if environment:
        sentences.append(_machine_in_words(environment))
    return " ".join(sentences)


def _machine_in_words(environment: Mapping[str, Any]) -> str:
    packages = environment.get("packages", {})
    return (
        f"On {environment.get('machine')} with {environment.get('cpus')} processors, "
        f"Python {environment.get('python')}, Keras {packages.get('keras')} and "
        f"TensorFlow {packages.get('tensorflow')}."
    )


def use_in_words(
    run_id: str,
    config: TrainConfig,
    metrics: Mapping[str, Any] | None,
    exports: Sequence[str],
) -> str:
    """How a face is estimated, the errors on test, and how to use the model."""
    averaged = "and its mirror image are estimated, and averaged"
    sentences = [f"A face {averaged if config.flip_average else 'is estimated once'}."]
    test = (metrics or {}).get("splits", {}).get("test")
    if test:
        low, high = test["mae_years_95"]
        sentences.append(
            f"On the {test['n']:,} test faces ages err by {test['mae_years']:.2f} "
            f"years on average (95 % interval {low:.2f} to {high:.2f}), and "
            f"{test['gender_accuracy']:.1%} of the genders are as labelled. What it "
            "says of its own doubt is calibrated on validation."
        )
    elif metrics:
        sentences.append(
            "It was evaluated without a face of test, on validation alone."
        )
    else:
        sentences.append(
            f"It was not evaluated yet: python -m agemodel evaluate {run_id}"
        )
    if exports:
        sentences.append(f"Exported for the app as: {', '.join(exports)}.")
    else:
        sentences.append(
            "It is not exported yet. That makes it a model for the app and for "
            f"python -m agemodel predict: python -m agemodel export {run_id} NAME"
        )
    return " ".join(sentences)
