"""The settings of a training run, read from TOML and saved with the run."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import takewhile
from pathlib import Path
from typing import Any

from agemodel.core import paths
from agemodel.core.errors import ConfigError

CONFIGS = paths.RECIPES


@dataclass(frozen=True)
class TrainConfig:
    """A training recipe.

    Attributes:
        name: of the recipe; run ids begin with it.
        network: a name in `networks.NETWORKS`.
        input_px: side of the network's square input.
        framing: "detector" crops through the detector, "chip" takes each file whole.
        data: the data sets to learn from: "utkface", or names of labelled sets. The
            first is the one that the run's figures are mainly about.
        data_weights: how often a face of each is drawn, beside one of the others; all
            alike unless given.
        epoch_faces: how many training faces an epoch draws; 0 for as many as there are.
        split: column of the index that says train, val and test: "split" or "seed".
        share: part of the training faces to use, 0..1.
        pretrained: the weights in assets/pretrained to start from, such as "faces-192";
            empty for none.
        start_run: id of a run of the same network whose best model to start from, or
            ids with commas between, whose best models' weights are averaged, one named
            twice counting twice ("model soups", Wortsman et al. 2022); empty for none.
        choose_by: "age" keeps the epoch with the least error of the age on val, "loss"
            that with the least loss, in which the gender counts, too.
        start_share: how large a part, 0..1, the weights that training starts from have
            in the model that is kept: their mean with those of the chosen epoch
            ("WiSE-FT", Wortsman et al. 2022) errs less on faces from elsewhere.
        frozen_blocks: how many of the trunk's blocks, 0 to 13, counted from the input,
            keep the weights they start from; they cost little and cannot overfit.
        epochs: passes over the training faces.
        batch_size: faces a step.
        learning_rate: at its peak.
        warmup_epochs: linear rise of the learning rate from zero.
        cosine: let the learning rate fall to zero along a cosine, else keep it.
        optimizer: "adamw" or "adam".
        weight_decay: decoupled, of AdamW.
        weight_average: momentum of an exponential moving average of the weights, taken
            over at the end of every epoch; 0 for none.
        dropout: share dropped before the heads.
        age_target_sd_years: of the Gaussian around the true age that a distribution
            head learns; a head that is one number learns the age itself, one of age
            groups the group.
        age_mae_weight: of the expected age's absolute error, per year, in the loss of
            a distribution head.
        age_balance: how far rare ages are drawn more often: with a weight of their
            share to the power of minus this; 0 takes every face once an epoch.
        gender_weight: of the gender loss, beside 1 for age.
        flip: mirror every other face.
        jitter_scale: largest change of the crop's side, as a part of it.
        jitter_shift: largest shift of the crop, in parts of its side.
        jitter_turn_deg: largest turn of the crop.
        jitter_light: largest change of brightness and contrast, as a part.
        jitter_colour: largest change of each channel's gain, as a part.
        degrade: share of faces that lose quality: low resolution, blur, too much
            sharpening, noise or compression, of random strength.
        greyscale: share of faces without colour.
        erase: share of faces of which a random rectangle is covered.
        flip_average: estimate a face and its mirror image, and average, when evaluated.
        mixed_bfloat16: compute in bfloat16 where the processor can (weights stay
            float32): 1.6 times as fast here.
        compact: keep 11 significant bits of the best model's weights and compress its
            file: less than half the size.
        seed: of everything random.
    """

    name: str
    network: str
    input_px: int = 128
    framing: str = "detector"
    data: tuple[str, ...] = ("utkface",)
    data_weights: tuple[float, ...] = ()
    epoch_faces: int = 0
    split: str = "split"
    share: float = 1.0
    pretrained: str = ""
    start_run: str = ""
    choose_by: str = "age"
    start_share: float = 0.0
    frozen_blocks: int = 0
    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 6e-4
    warmup_epochs: float = 0.0
    cosine: bool = True
    optimizer: str = "adamw"
    weight_decay: float = 0.0
    weight_average: float = 0.0
    dropout: float = 0.2
    age_target_sd_years: float = 2.0
    age_mae_weight: float = 0.0
    age_balance: float = 0.0
    gender_weight: float = 1.0
    flip: bool = True
    jitter_scale: float = 0.0
    jitter_shift: float = 0.0
    jitter_turn_deg: float = 0.0
    jitter_light: float = 0.0
    jitter_colour: float = 0.0
    degrade: float = 0.0
    greyscale: float = 0.0
    erase: float = 0.0
    flip_average: bool = True
    mixed_bfloat16: bool = False
    compact: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse settings that cannot be trained with.

        Raises:
            ConfigError: a setting is out of range; the first one is named.
        """
        allowed = {
            "framing": ("detector", "chip"),
            "split": ("split", "seed"),
            "optimizer": ("adamw", "adam"),
            "choose_by": ("age", "loss"),
        }
        for name, choices in allowed.items():
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}; expected one of "
                    f"{', '.join(choices)}."
                )
        for name in ("input_px", "epochs", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}; expected a number above 0."
                )
        if not 0 < self.share <= 1:
            raise ConfigError(f"share is {self.share}; expected 0 < share <= 1.")
        if not 0 <= self.start_share < 1:
            raise ConfigError(
                f"start_share is {self.start_share}; expected 0 <= start_share < 1."
            )
        if not self.data or len(set(self.data)) < len(self.data):
            raise ConfigError("data names no data set, or one twice.")
        if len(self.data_weights) not in (0, len(self.data)):
            raise ConfigError(
                f"data_weights has {len(self.data_weights)} numbers; expected one for "
                f"each of the {len(self.data)} data sets."
            )

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain values, for JSON."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }


def setting_meanings() -> dict[str, str]:
    """The meaning of each setting, from the docstring of `TrainConfig`."""
    _, _, attributes = (inspect.getdoc(TrainConfig) or "").partition("Attributes:\n")
    entries = re.split(r"^    (\w+): ", attributes, flags=re.MULTILINE)[1:]
    texts = (" ".join(text.split()) for text in entries[1::2])
    return dict(zip(entries[::2], texts, strict=True))


def config_from(values: Mapping[str, Any]) -> TrainConfig:
    """Make a recipe from plain values.

    Raises:
        ConfigError: a name is unknown or missing, or a value has a wrong type.
    """
    known = {field.name: field.type for field in fields(TrainConfig)}
    values = _as_now(values)
    for name, value in values.items():
        if name not in known:
            raise ConfigError(
                f"{name!r} is no setting. The settings are: {', '.join(known)}."
            )
        if not _fits(value, str(known[name])):
            raise ConfigError(
                f"{name} is {value!r}; expected a value of type {known[name]}."
            )
    settings: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
    }
    try:
        return TrainConfig(**settings)
    except TypeError as error:
        raise ConfigError("A configuration needs at least name and network.") from error


def _as_now(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a recipe of release 0.1.0 as they are called now."""
    before = {"teachers": "", "teacher_share": 0.5, "mixup": 0.0}
    kept = {k: v for k, v in values.items() if k not in before or v != before[k]}
    if isinstance(kept.get("pretrained"), bool):
        kept["pretrained"] = "faceres-deep" if kept["pretrained"] else ""
    return kept


def _fits(value: Any, type_name: str) -> bool:
    if type_name.startswith("tuple"):
        item = type_name.removeprefix("tuple[").removesuffix(", ...]")
        items = isinstance(value, (list, tuple))
        return items and all(_fits(one, item) for one in value)
    if type_name == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value).__name__ == type_name


def read_config(source: str | Path) -> TrainConfig:
    """Read a recipe from a TOML file, or by its name in `assets/recipes/`.

    Raises:
        ConfigError: there is no such file, or it is not a recipe.
    """
    return config_from(_read(source)[0])


def read_purpose(source: str | Path) -> str:
    """What a recipe is for: the comment with which its file begins; empty without one.

    Raises:
        ConfigError: as `read_config`.
    """
    lines = takewhile(lambda line: line.startswith("#"), _read(source)[1].splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def _read(source: str | Path) -> tuple[dict[str, Any], str]:
    """The settings of a recipe's file, and its text."""
    path = Path(source)
    if not path.suffix:
        path = CONFIGS / f"{source}.toml"
    try:
        text = path.read_text("utf-8-sig")
        return tomllib.loads(text), text
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.toml")))
        raise ConfigError(
            f"There is no configuration {source}. Give a TOML file or one of: {names}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} is not TOML: {error}.") from error
