"""The settings of a run over footage, saved beside its results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from agemodel.core.errors import ConfigError
from agemodel.metrics.hidden_counts import LEAST_COUNT
from agemodel.metrics.shares import BAND_STARTS

FORMAT = 4
"""Of what is kept of a clip; what another version kept is made anew."""

ALL_OF_IT = (0.0, 0.0, 1.0, 1.0)
_SUMMING = ("slot_s", "bands", "least_count")


@dataclass(frozen=True)
class FootageSettings:
    """How footage is looked at, and how visits are summed up.

    Attributes:
        looks_per_s: how many frames a second are looked at.
        smallest_face_px: smaller faces are not counted.
        least_looks: a visit is a face that was seen in so many frames.
        gap_s: a face that is away for longer has left.
        most_looks: how many of a visit's best looks its age is the mean of.
        zone: left, top, right and bottom of the part of the picture in which the
            middle of a face must lie, as fractions of its width and height.
        same_person: whether who comes back within a run is counted once.
        slot_s: length of the stretches of time that visits are summed up by.
        bands: of ages, a name in `shares.BAND_STARTS`.
        least_count: smaller counts are hidden.
    """

    looks_per_s: float = 3.0
    smallest_face_px: float = 60.0
    least_looks: int = 3
    gap_s: float = 4.0
    most_looks: int = 15
    zone: tuple[float, ...] = ALL_OF_IT
    same_person: bool = False
    slot_s: float = 3600.0
    bands: str = "four"
    least_count: int = LEAST_COUNT

    def __post_init__(self) -> None:
        """Refuse settings that make no sense.

        Raises:
            ConfigError: a setting is out of range; the first one is named.
        """
        limits = {
            "looks_per_s": (0.2, 30),
            "smallest_face_px": (20, 500),
            "least_looks": (1, 100),
            "gap_s": (0.2, 60),
            "most_looks": (1, 200),
            "slot_s": (60, 86_400),
            "least_count": (1, 1_000),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ConfigError(
                    f"{name} is {value:g}; expected a number from {least:g} to "
                    f"{most:g}."
                )
        if self.bands not in BAND_STARTS:
            raise ConfigError(
                f"bands is {self.bands!r}; expected one of {', '.join(BAND_STARTS)}."
            )
        self._check_zone()

    def _check_zone(self) -> None:
        inside = len(self.zone) == 4 and all(0 <= side <= 1 for side in self.zone)
        if not (inside and self.zone[0] < self.zone[2] and self.zone[1] < self.zone[3]):
            raise ConfigError(
                f"zone is {self.zone}; expected left, top, right and bottom as "
                "fractions of the picture, such as 0, 0.5, 1, 1 for its lower half."
            )

    def digest(self, model_sha256: str) -> str:
        """A name for all that decides which visits are found in a clip."""
        looking = {k: v for k, v in asdict(self).items() if k not in _SUMMING}
        known = {"format": FORMAT, "model": model_sha256, **looking}
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
