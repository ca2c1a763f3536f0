"""Which faces are wanted: a set of filters, as the query of a URL and in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from agemodel.core.labels import (
    AGE_GROUPS,
    GENDERS,
    MAX_AGE,
    MIN_AGE,
    RACES,
    SPLIT_NAMES,
    SPLIT_WORDS,
)
from agemodel.explorer import queries
from agemodel.explorer.flags import FLAGS, OUTCOMES
from agemodel.explorer.marks import UNMARKED, VERDICTS
from agemodel.explorer.queries import Ages, Dates, Errors, Region

Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Facet:
    """One filter, and how its value is read, written and said.

    Attributes:
        field: of the selection.
        read: from the texts of a query, one at least, to a value; a false one for what
            cannot be read.
        write: from a value to the text in a URL.
        say: from a value to words.
        names: its values in their order, where they are from a list.
    """

    field: str
    read: Callable[[Sequence[str]], Any]
    write: Callable[[Any], str]
    say: Callable[[Any], str]
    names: tuple[str, ...] = ()


def single(
    field: str,
    read: Callable[[str], Any],
    write: Callable[[Any], str],
    say: Callable[[Any], str],
) -> Facet:
    """A filter with one value."""
    return Facet(field, lambda texts: read(texts[-1].strip()), write, say)


def choice(
    field: str,
    names: Sequence[str],
    phrase: str = "{}",
    words: Mapping[str, str] | None = None,
) -> Facet:
    """A filter whose values are names from a list, kept in the order of that list."""
    known = {name.lower(): name for name in names}
    known |= {name.rstrip("+").lower(): name for name in names}  # + is a space in URLs

    def read(texts: Sequence[str]) -> tuple[str, ...]:
        asked = {part.strip().lower() for text in texts for part in text.split(",")}
        found = {known[part] for part in asked & known.keys()}
        return tuple(name for name in names if name in found)

    def write(chosen: Sequence[str]) -> str:
        return ",".join(name.lower() for name in chosen)

    def say(chosen: Sequence[str]) -> str:
        return phrase.format(
            " or ".join((words or {}).get(name, name) for name in chosen)
        )

    return Facet(field, read, write, say, tuple(names))


class Filters:
    """A dataclass of filters, of which all must hold; a default filters nothing.

    Several values of one filter are alternatives.
    """

    facets: ClassVar[Mapping[str, Facet]]
    """By their keys in a URL, in the order in which they are said."""

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Read the filters from a URL's query; what cannot be read is ignored.

        Args:
            query: by the keys of `facets`; others are not looked at. Several values
                come as a list or with commas; where one is expected, the last counts.
        """
        found = {}
        for key, facet in cls.facets.items():
            given = query.get(key, ())
            texts = [given] if isinstance(given, str) else list(given)
            if texts and (value := facet.read(texts)):
                found[facet.field] = value
        return cls(**found)

    def to_query(self) -> dict[str, str]:
        """The filters that are set, by their keys."""
        return {key: self.facets[key].write(self._value(key)) for key in self.active}

    def describe(self) -> str:
        """The filters that are set in words, as plain text (a name is anyone's)."""
        return ", ".join(self.facets[key].say(self._value(key)) for key in self.active)

    @property
    def active(self) -> tuple[str, ...]:
        """The keys of the filters that are set."""
        whole = type(self)()
        return tuple(
            key for key in self.facets if self._value(key) != whole._value(key)
        )

    def _value(self, key: str) -> Any:
        return getattr(self, self.facets[key].field)


FACETS = {
    "age": single("ages", queries.read_ages, queries.write_ages, queries.say_ages),
    "group": choice("age_groups", AGE_GROUPS, "{} years"),
    "gender": choice("genders", GENDERS),
    "race": choice("races", RACES),
    "split": choice("splits", SPLIT_NAMES, "in {}", SPLIT_WORDS),
    "error": single(
        "errors", queries.read_errors, queries.write_errors, queries.say_errors
    ),
    "date": single("dates", queries.read_dates, queries.write_dates, queries.say_dates),
    "flag": choice("flags", tuple(FLAGS), words=FLAGS),
    "outcome": choice("outcomes", tuple(OUTCOMES), words=OUTCOMES),
    "without": choice("without", tuple(FLAGS), "not {}", FLAGS),
    "mark": choice("marks", (*VERDICTS, UNMARKED), "marked {}", {UNMARKED: "not yet"}),
    "map": single(
        *("region", queries.read_region, queries.write_region),
        lambda region: "in a region of the map",
    ),
    "name": single("name", queries.read_name, str, lambda name: f"named '{name}'"),
    "among": single("among", queries.read_among, ".".join, queries.say_among),
}
"""The filters by their keys in a URL, in the order in which they are said."""


@dataclass(frozen=True)
class Selection(Filters):
    """Filters of the faces of a data set.

    Several values of one filter are alternatives: `races=("Black", "Asian")` takes
    both, `flags=("blurred", "dark")` what is blurred, dark or both.

    Attributes:
        ages: lowest and highest labelled age, years, both included.
        age_groups: of `labels.AGE_GROUPS`, by the label.
        genders: of `labels.GENDERS`.
        races: of `labels.RACES`.
        splits: of `labels.SPLIT_NAMES`.
        errors: lowest absolute error, included, and highest, not included, years.
        dates: first and last day of collection, both included.
        flags: of `flags.FLAGS`.
        outcomes: of `flags.OUTCOMES`.
        without: of `flags.FLAGS`; faces with any of them are left out.
        marks: of `marks.VERDICTS`, and `marks.UNMARKED`.
        region: a polygon on the map, as returned by `queries.region_of`.
        name: a part of the file's name, in whatever case.
        among: the keys of some faces, as returned by `queries.face_key`.
    """

    ages: Ages = (MIN_AGE, MAX_AGE)
    age_groups: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    races: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    errors: Errors = (0.0, math.inf)
    dates: Dates | None = None
    flags: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    region: Region = ()
    name: str = ""
    among: tuple[str, ...] = ()

    facets = FACETS

    def describe(self) -> str:
        """The filters that are set in words, as plain text (a name is anyone's)."""
        return super().describe() or "all faces"

    def cleared(self, *keys: str) -> Selection:
        """The same without the filters of these keys."""
        whole = Selection()
        return replace(self, **{FACETS[key].field: whole._value(key) for key in keys})
