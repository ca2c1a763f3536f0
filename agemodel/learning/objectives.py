"""Losses, metrics and the learning rate schedule of training."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from agemodel.core.labels import AGES, age_group_index

RANGE_EDGE_YEARS = 1.0
"""How soft the ends of a labelled range of ages are: the deviation of a Gaussian."""


@keras.saving.register_keras_serializable("agemodel")
class AgeDistributionLoss(keras.losses.Loss):
    """Cross-entropy of a distribution over the ages with a labelled age, or a range.

    An age is learned as a Gaussian around it, as in B.-B. Gao et al., 'Deep Label
    Distribution Learning with Label Ambiguity', IEEE TIP 2017; with the error of the
    expected value beside it, as in B.-B. Gao et al., 'Age Estimation Using Expectation
    of Label Distribution Learning', IJCAI 2018. Of a range the loss is minus the log of
    the probability inside.
    """

    def __init__(
        self, sd_years: float, mae_weight: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.sd_years, self.mae_weight = sd_years, mae_weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Ranges of true ages, shape (n, 2), and distributions, (n, 116), to (n,)."""
        low, high = _range_of(y_true)
        ages = ops.convert_to_tensor(AGES.astype("float32"))
        outside = ops.maximum(ops.maximum(low - ages, ages - high), 0.0)  # (n, 116)
        target = ops.softmax(-0.5 * ops.square(outside / self.sd_years), axis=-1)
        entropy = -ops.sum(target * ops.log(y_pred + 1e-7), axis=-1)
        inside = ops.exp(-0.5 * ops.square(outside / RANGE_EDGE_YEARS))
        of_range = -ops.log(ops.sum(inside * y_pred, axis=-1) + 1e-7)
        is_range = ops.squeeze(high > low, -1)
        loss = ops.where(is_range, of_range, entropy)
        return loss + self.mae_weight * mae_years(y_true, y_pred)

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
        """Ranges of true ages, shape (n, 2), and distributions, (n, 116), to (n,).

        Of a range every group counts that it touches.
        """
        groups = ops.convert_to_tensor(age_group_index(AGES).astype("int32"))
        low, high = (
            ops.take(groups, ops.cast(age, "int32") - int(AGES[0]))
            for age in _range_of(y_true)
        )
        in_group = ops.cast((groups >= low) & (groups <= high), "float32")  # (n, 116)
        return -ops.log(ops.sum(in_group * y_pred, axis=-1) + 1e-7)


@keras.saving.register_keras_serializable("agemodel")
class AgeSquaredError(keras.losses.Loss):
    """The squared error of a head that is one number, in square years."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Ranges of true ages, shape (n, 2), and estimates, (n, 1), to (n,)."""
        return ops.square(mae_years(y_true, y_pred))


@keras.saving.register_keras_serializable("agemodel")
def mae_years(y_true: Any, y_pred: Any) -> Any:
    """Absolute error of the estimate, shape (n,), of either form of the age head.

    Of a range, shape (n, 2), it is the distance from the nearer end, 0 inside.
    """
    if y_pred.shape[-1] == len(AGES):
        ages = ops.convert_to_tensor(AGES.astype("float32"))
        y_pred = ops.sum(y_pred * ages, axis=-1, keepdims=True)
    low, high = _range_of(y_true)
    error = ops.maximum(ops.maximum(low - y_pred, y_pred - high), 0.0)
    return ops.squeeze(error, -1)


def _range_of(y_true: Any) -> tuple[Any, Any]:
    """The ends of ranges of ages, each of shape (n, 1), float32."""
    y_true = ops.cast(y_true, "float32")
    return y_true[:, :1], y_true[:, 1:]


@keras.saving.register_keras_serializable("agemodel")
def label_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Whether a probability is on its label's side, shape (n, 1)."""
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
