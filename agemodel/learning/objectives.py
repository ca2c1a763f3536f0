"""Losses, metrics and the learning rate schedule of training."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from agemodel.core.labels import AGES, age_group_index


@keras.saving.register_keras_serializable("agemodel")
class AgeDistributionLoss(keras.losses.Loss):
    """Cross-entropy against a distribution over the ages.

    Unless another is given, it is a Gaussian around the true age, as in B.-B. Gao et
    al., 'Deep Label Distribution Learning with Label Ambiguity', IEEE TIP 2017; with
    the error of the expected value beside it, as in B.-B. Gao et al., 'Age Estimation
    Using Expectation of Label Distribution Learning', IJCAI 2018.
    """

    def __init__(
        self, sd_years: float, mae_weight: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.sd_years, self.mae_weight = sd_years, mae_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """True ages and distributions, shape (n, 116), to losses, shape (n,).

        The true ages have shape (n, 1), or (n, 117) with the distributions to be
        learned behind them.
        """
        if y_true.shape[-1] > 1:
            target = ops.cast(y_true[:, 1:], "float32")
        else:
            ages = ops.convert_to_tensor(AGES.astype("float32"))
            offset = (ages - ops.cast(y_true, "float32")) / self.sd_years
            target = ops.softmax(-0.5 * ops.square(offset), axis=-1)
        entropy = -ops.sum(target * ops.log(y_pred + 1e-7), axis=-1)
        return entropy + self.mae_weight * mae_years(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {
            **super().get_config(),
            "sd_years": self.sd_years,
            "mae_weight": self.mae_weight,
        }


@keras.saving.register_keras_serializable("agemodel")
class AgeGroupLoss(keras.losses.Loss):
    """Cross-entropy of the true age's group, whatever its distribution within."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """True ages, shape (n, 1), and distributions, shape (n, 116), to (n,)."""
        groups = ops.convert_to_tensor(age_group_index(AGES).astype("int32"))
        true_group = ops.take(groups, ops.cast(y_true, "int32") - int(AGES[0]))
        in_group = ops.cast(groups == true_group, "float32")  # (n, 116)
        return -ops.log(ops.sum(in_group * y_pred, axis=-1) + 1e-7)


@keras.saving.register_keras_serializable("agemodel")
def mae_years(y_true: Any, y_pred: Any) -> Any:
    """Absolute error of the estimate, shape (n,), of either form of the age head."""
    if y_pred.shape[-1] == len(AGES):
        ages = ops.convert_to_tensor(AGES.astype("float32"))
        y_pred = ops.sum(y_pred * ages, axis=-1, keepdims=True)
    return ops.squeeze(ops.abs(ops.cast(y_true[:, :1], "float32") - y_pred), -1)


@keras.saving.register_keras_serializable("agemodel")
def label_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether a probability is on its label's side, shape (n, 1).

    The label of a blended face lies between 0 and 1; its larger part counts.
    """
    return ops.cast((y_true >= 0.5) == (y_pred >= 0.5), "float32")


@keras.saving.register_keras_serializable("agemodel")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rate schedule: a linear warm-up, then a cosine to zero."""

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        self.peak, self.warmup_steps, self.total_steps = peak, warmup_steps, total_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        step = ops.cast(step, "float32")
        rise = step / max(self.warmup_steps, 1)
        rest = max(self.total_steps - self.warmup_steps, 1)
        done = ops.clip((step - self.warmup_steps) / rest, 0.0, 1.0)
        fall = 0.5 * (1 + ops.cos(math.pi * done))
        return self.peak * ops.where(step < self.warmup_steps, rise, fall)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }
