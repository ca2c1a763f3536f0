"""The filters of the Dataset page, each with its counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from agemodel.core.labels import MAX_AGE, MIN_AGE, SPLIT_WORDS
from agemodel.explorer.filters import ERROR_BANDS
from agemodel.explorer.flags import FLAGS, OUTCOMES
from agemodel.explorer.marks import UNMARKED
from agemodel.explorer.queries import Errors, write_errors
from agemodel.explorer.selection import FACETS, Selection
from ui.dataset import dataset_state
from ui.dataset.dataset_state import STATE
from ui.page_state import show_folded

Counts = Mapping[str, Mapping[str, int]]

MAX_SAID = 160
"""Most characters of the filters in words; more do not fit in the line."""

_TITLES = {
    "group": "Age group",
    "gender": "Gender label",
    "race": "Race label",
    "split": "Split",
    "error": "Absolute error in years",
    "flag": "Any of these",
    "outcome": "Any of these",
    "without": "None of these",
    "mark": "Your mark",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "split": SPLIT_WORDS,
    "flag": FLAGS,
    "outcome": OUTCOMES,
    "without": FLAGS,
    "mark": {UNMARKED: "not yet"},
}
_FOLDED = {
    "flag": "Picture quality",
    "outcome": "Estimate and label",
    "without": "Leave out",
}
_HELP = {
    "race": "As labelled in the dataset; the model never sees it.",
    "error": "Of the model's estimate. It was trained on train: only the errors on "
    "test are like those on other faces.",
}


def show_filters(counted: Counts) -> None:
    """Draw the filters."""
    ages = bind_filter("age", dataset_state.selection().ages, tuple)
    st.slider(age_title(counted["age"]), MIN_AGE, MAX_AGE, **ages)
    for key in ("group", "gender", "race", "split"):
        show_values(key, counted)
    _show_errors(counted)
    for key, title in _FOLDED.items():
        if key in counted:
            _show_folded(key, title, counted)
    _show_name()


def show_left(left: int, total: int) -> None:
    """Draw a line: how many faces the filters leave, the filters, and the way back."""
    wanted = dataset_state.selection()
    key = dataset_state.widget_key("line")
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.markdown(f"**{left:,} of {total:,} faces**", width="content")
        if not wanted.active:
            return
        said = wanted.describe()
        said = said if len(said) <= MAX_SAID else f"{said[:MAX_SAID]}..."
        st.text(said, width="content")
        STATE.show_button(
            "Show all",
            "reset",
            "filter_alt_off",
            dataset_state.select,
            Selection(),
            type="tertiary",
        )


def label(word: str, count: int) -> str:
    """A value of a filter beside how many faces have it."""
    return f"{word} :gray[{count:,}]"


def values_of(chosen: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    """The values that were chosen, in their order.

    Who clicks twice in a hurry may send a label with a count that is no longer there;
    it then comes as text.

    Args:
        chosen: values, or labels as returned by `label`.
        words: the word of each value, in the order of the values.
    """
    return tuple(
        value
        for value, word in words.items()
        if any(one == value or one.startswith(label(word, 0)[:-2]) for one in chosen)
    )


def error_words(errors: Errors) -> str:
    """A range of absolute errors in a few words, without the unit."""
    low, high = errors
    if low == 0:
        return f"under {high:g}"
    return f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"


def age_title(counted: Mapping[str, int]) -> str:
    """The slider's title, with how many faces are in it of how many there could be.

    Args:
        counted: faces of all ages and of those chosen, the same where all are.
    """
    everyone, chosen = next(iter(counted.values())), list(counted.values())[-1]
    return f"Age in years · {chosen:,} of {everyone:,}"


def bind_filter(key: str, shown: Any, read: Callable[[Any], Any]) -> dict[str, Any]:
    """Arguments for a widget that shows a filter, and changes it.

    Args:
        key: of the filter, in `FACETS`.
        shown: what the widget shows.
        read: from what it says to the value of the filter.
    """

    def take(said: Any) -> None:
        wanted = dataset_state.selection()
        dataset_state.select(dataset_state.with_filter(wanted, key, read(said)))

    return dataset_state.bind(f"filter_{key}", shown, take)


def _show_folded(key: str, title: str, counted: Counts) -> None:
    """Draw a filter in an expander; its values only while it is open."""
    chosen = getattr(dataset_state.selection(), FACETS[key].field)
    show_folded(
        f"{title} :gray[{len(chosen)} chosen]" if chosen else title,
        dataset_state.widget_key(f"fold_{key}"),
        show_values,
        key,
        counted,
        expanded=bool(chosen),
        type="compact",
    )


def show_values(key: str, counted: Counts) -> None:
    """Draw a filter whose values are from a list; nothing where none are known."""
    if key not in counted:
        return
    known = _WORDS.get(key, {})
    words = {value: known.get(value, value) for value in counted[key]}
    chosen = getattr(dataset_state.selection(), FACETS[key].field)
    shown = [value for value in chosen if value in words]
    st.pills(
        _TITLES[key],
        list(words),
        selection_mode="multi",
        format_func=lambda value: label(words[value], counted[key][value]),
        help=_HELP.get(key),
        **bind_filter(key, shown, lambda values: values_of(values or (), words)),
    )


def _show_errors(counted: Counts) -> None:
    if "error" not in counted:
        return
    bands = {write_errors(band): band for band in ERROR_BANDS}
    words = {key: error_words(band) for key, band in bands.items()}
    now = write_errors(dataset_state.selection().errors)

    def read(value: str | None) -> Errors:
        found = values_of([value] if value else [], words)
        return bands[found[0]] if found else Selection().errors

    st.pills(
        _TITLES["error"],
        list(words),
        format_func=lambda band: label(words[band], counted["error"][band]),
        help=_HELP["error"],
        **bind_filter("error", now if now in words else None, read),
    )


def _show_name() -> None:
    st.text_input(
        "Part of a file name",
        icon=":material/search:",
        placeholder="such as 20170116",
        **bind_filter(
            "name",
            dataset_state.selection().name,
            lambda text: FACETS["name"].read([text or ""]),
        ),
    )
