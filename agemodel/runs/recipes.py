"""Sentences that describe a training recipe."""

from __future__ import annotations

from collections import Counter

from agemodel.core.words import counted, listed
from agemodel.runs.config import TrainConfig
from agemodel.runs.licence import RESEARCH_ONLY

TRUNK_BLOCKS = 13
"""Pairs of convolutions in the pretrained trunk, a MobileNet v1, after its first."""
_PRETRAINED = {
    "faceres-deep": "HSE-FaceRes, trained on VGGFace2's faces",
    "faces-192": "weights of two earlier runs on the same faces, themselves begun from "
    "HSE-FaceRes, trained on VGGFace2's",
}
_SETS = {**RESEARCH_ONLY, "fairface": "FairFace"}


def recipe_in_words(config: TrainConfig, faces: dict[str, int]) -> str:
    """The data, the initial weights and the optimisation, in a few sentences.

    Args:
        config: the recipe.
        faces: the number of faces of each part: `train`, `val` and, if any, `test`.
    """
    return " ".join(
        [data_in_words(config, faces), start_in_words(config), steps_in_words(config)]
    )


def data_in_words(config: TrainConfig, faces: dict[str, int]) -> str:
    """The faces and their augmentation."""
    framing = {
        "detector": "cut out by the face detector, as the app does it",
        "chip": "as their files show them",
    }[config.framing]
    text = (
        f"{sets_in_words(config)}: {faces['train']:,} faces to train on, "
        f"{faces['val']:,} to choose the epoch and the calibration, "
        f"{faces.get('test', 0):,} to report on; "
        f"{framing}, at {config.input_px} px."
    )
    if varied := variations(config):
        text += f" Training faces are varied at random: {', '.join(varied)}."
    if config.age_balance:
        text += (
            " Rare ages are drawn more often, by their share to the power of "
            f"-{config.age_balance:g}."
        )
    return text


def sets_in_words(config: TrainConfig) -> str:
    """The data sets, as people know them where they are known."""
    return listed([_SETS.get(name, name) for name in config.data])


def variations(config: TrainConfig) -> list[str]:
    """The augmentations of the training faces, a phrase each."""
    return [
        words
        for amount, words in (
            (config.flip, "mirrored"),
            (config.jitter_scale, f"scaled by up to {config.jitter_scale:.0%}"),
            (config.jitter_shift, f"shifted by up to {config.jitter_shift:.0%}"),
            (config.jitter_turn_deg, f"turned by up to {config.jitter_turn_deg:g}°"),
            (
                config.jitter_light,
                f"brightness changed by up to {config.jitter_light:.0%}",
            ),
            (config.jitter_colour, f"coloured by up to {config.jitter_colour:.0%}"),
            (config.degrade, f"{config.degrade:.0%} of them degraded"),
            (config.greyscale, f"{config.greyscale:.0%} without colour"),
            (config.erase, f"{config.erase:.0%} partly covered"),
        )
        if amount
    ]


def start_in_words(config: TrainConfig) -> str:
    """The initial weights."""
    if config.start_run:
        text = f"It starts from {_start_models(config.start_run)}"
    elif config.pretrained:
        text = f"It starts from {_PRETRAINED.get(config.pretrained, config.pretrained)}"
    else:
        return "It starts from random weights."
    if config.frozen_blocks:
        kept = f"the first {config.frozen_blocks} of {TRUNK_BLOCKS} blocks"
        if config.frozen_blocks >= TRUNK_BLOCKS:
            kept = f"all {TRUNK_BLOCKS} blocks"
        text += f"; {kept} stay as they are"
    return f"{text}."


def _start_models(start_run: str) -> str:
    named = Counter(run_id.strip() for run_id in start_run.split(","))
    if len(named) == 1:
        return f"the best model of run `{next(iter(named))}`"
    shares = [f"`{run}` ({times / named.total():.0%})" for run, times in named.items()]
    return f"the averaged weights of the best models of runs {', '.join(shares)}"


def steps_in_words(config: TrainConfig) -> str:
    """The epochs, batch size, optimizer and learning rate."""
    rate = f"learning rate {config.learning_rate:g}"
    if config.cosine:
        rate += ", falling to zero along a cosine"
    optimizer = {"adamw": "AdamW", "adam": "Adam"}[config.optimizer]
    return (
        f"{counted(config.epochs, 'epoch')}, {config.batch_size} faces a step, "
        f"{optimizer}, {rate}."
    )
