"""The state of a page for one visitor: kept in the session and in the URL.

A page has a *look*, a frozen dataclass whose fields say how each is read from the URL,
and may have other parts, such as filters. Widgets only show them: each is set anew
before it is drawn, and a change of it is taken over at once. So a chart, a button and a
link can set the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar, cast

import streamlit as st

from agemodel.core.errors import AgeModelError

Query = Mapping[str, Sequence[str]]
"""The query of a URL: all values of each name."""

MAX_NUMBER = 1_000_000
MAX_TEXT = 400
"""Characters of a text that a URL may hold."""


class UrlPart(Protocol):
    """A part of a page's state."""

    @classmethod
    def from_query(cls, query: Query, /) -> Self:
        """Read it from the query of a URL; what cannot be read is ignored."""

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""


def last(query: Query, name: str) -> str:
    """The last value of a name in a query; empty where there is none."""
    return (query.get(name) or [""])[-1]


# ----------------------------------------------------------------- the fields of a look


def choice(default: Any, values: Sequence[Any]) -> Any:
    """A field with one of some values; in the URL their case does not count."""
    known = {_folded(str(value)): value for value in values}
    return _field(
        default, lambda text: known.get(_folded(text)), lambda v: str(v).lower()
    )


def number(default: int = 1, least: int = 1, most: int = MAX_NUMBER) -> Any:
    """A field with a whole number, brought between the least and the most."""

    def read(text: str) -> int | None:
        text = text.strip()[:8]
        if not (text.isascii() and text.isdigit()):
            return None
        return max(least, min(int(text), most))

    return _field(default, read)


def line(longest: int = MAX_TEXT) -> Any:
    """A field with a line of text, empty at first."""
    return _field(
        "", lambda text: text if text.isprintable() and len(text) <= longest else None
    )


def names(most: int) -> Any:
    """A field with different names, in the URL between commas; none at first."""
    return _field(
        (),
        lambda text: tuple(dict.fromkeys(filter(None, text.split(","))))[:most],
        ",".join,
    )


def _field(
    default: Any,
    read: Callable[[str], Any],
    write: Callable[[Any], str] = str,
) -> Any:
    return field(default=default, metadata={"read": read, "write": write})


def _folded(text: str) -> str:
    return text.strip().lower().rstrip("+")  # the + of '70+' is a space in a URL


@dataclass(frozen=True)
class BaseLook:
    """How a page is looked at; the names of the fields are those in the URL."""

    @classmethod
    def from_query(cls, query: Query) -> Self:
        """Read it from the query of a URL; what cannot be read is ignored."""
        found = {
            one.name: one.metadata["read"](last(query, one.name)) for one in fields(cls)
        }
        return cls(**{name: v for name, v in found.items() if v is not None})

    def to_query(self) -> dict[str, str]:
        """What differs from the default."""
        return {
            one.name: one.metadata["write"](getattr(self, one.name))
            for one in fields(self)
            if getattr(self, one.name) != one.default
        }

    def having(self, **changes: Any) -> Self:
        """The look after some changes."""
        return replace(self, **changes)

    def taking(self, name: str, value: Any) -> Self:
        """The look after a field's widget was used; None where it was deselected."""
        return self if value is None else self.having(**{name: value})


LookT = TypeVar("LookT", bound=BaseLook)


# ----------------------------------------------------------------------- the whole page


class PageState(Generic[LookT]):
    """The state of a page for one visitor, and the keys of its widgets."""

    def __init__(self, page: str, parts: Mapping[str, type[UrlPart]]) -> None:
        """Describe the state of a page.

        Args:
            page: its name, with which all keys begin: pages share one session state.
            parts: the kinds of its parts by name, in the order of the URL, with the
                look as `look`.
        """
        self._page = page
        self._parts = parts

    def load(self) -> None:
        """Read the state from a changed URL; called at the start of the page.

        Who comes back from another page finds what was left, unless the URL says more.
        A URL that is not the one written last was typed, shared or gone back to.
        """
        query = {name: st.query_params.get_all(name) for name in st.query_params}
        arrives = self.widget_key("view") not in st.session_state
        first = self.widget_key("look") not in st.session_state
        written = st.session_state.get(self.widget_key("written"))
        other = st.query_params.to_dict() != written
        if first or (bool(query) if arrives else other):
            for name, kind in self._parts.items():
                self.put(name, kind.from_query(query))

    def write_url(self) -> None:
        """Write the state into the URL."""
        query: dict[str, str] = {}
        for name in self._parts:
            query |= self.part(name).to_query()
        if st.query_params.to_dict() != query:
            st.query_params.from_dict(query)
        st.session_state[self.widget_key("written")] = query

    def part(self, name: str) -> Any:
        """A part of the state."""
        return st.session_state[self.widget_key(name)]

    def put(self, name: str, value: UrlPart) -> None:
        """Replace a part of the state."""
        st.session_state[self.widget_key(name)] = value

    def look(self) -> LookT:
        """How the page is looked at."""
        return cast(LookT, self.part("look"))

    def change(self, **changes: Any) -> None:
        """Change the look."""
        self.put("look", self.look().having(**changes))

    def control(self, name: str) -> dict[str, Any]:
        """Arguments for a widget that shows a field of the look, and changes it."""
        return self.bind(
            name,
            getattr(self.look(), name),
            lambda value: self.put("look", self.look().taking(name, value)),
        )

    def show_choice(
        self, label: str, name: str, words: Mapping[Any, str], **style: Any
    ) -> None:
        """Draw a field of the look as a segmented control, with its values in words."""
        st.segmented_control(
            label,
            list(words),
            format_func=lambda value: words.get(value, str(value)),
            **{"required": True} | style,
            **self.control(name),
        )

    def bind(
        self, name: str, value: Any, take: Callable[[Any], None]
    ) -> dict[str, Any]:
        """Arguments for a widget that shows a value, and hands over a new one.

        Args:
            name: of the widget.
            value: to show.
            take: called with the new value.
        """
        key = self.widget_key(name)
        st.session_state[key] = value
        return {"key": key, "on_change": lambda: take(st.session_state[key])}

    # ---------------------------------------------------------------------- the buttons

    def show_button(
        self,
        label: str,
        name: str,
        icon: str,
        act: Callable[..., Any],
        *args: Any,
        **style: Any,
    ) -> None:
        """Draw a button.

        Args:
            label: on the button.
            name: of the button on this page.
            icon: of Google's Material symbols; none if empty.
            act: called with `args` when it is pressed.
            args: as `act` takes them.
            style: passed on to `st.button`.
        """
        st.button(
            label,
            key=self.widget_key(name),
            icon=f":material/{icon}:" if icon else None,
            on_click=act,
            args=args,
            **style,
        )

    def attempt(self, action: Callable[[], Any]) -> bool:
        """Run a button's action; keep its error for `show_refusal`."""
        try:
            action()
        except AgeModelError as error:
            st.session_state[self.widget_key("error")] = str(error)
            return False
        return True

    def show_refusal(self) -> None:
        """Show the error of the last `attempt`, once."""
        if problem := st.session_state.pop(self.widget_key("error"), ""):
            show_error(problem)

    # ------------------------------------------------------------------------- the keys

    def widget_key(self, name: str) -> str:
        """The key of a widget of this page."""
        return f"{self._page}_{name}"

    def round_key(self, name: str) -> str:
        """The key of a widget whose state can be forgotten; see `renew`."""
        return self.widget_key(f"{name}_{self._rounds.get(name, 0)}")

    def renew(self, name: str) -> None:
        """Draw a widget anew, such as a chart without the marks of what was chosen."""
        count = self._rounds.get(name, 0) + 1
        st.session_state[self.widget_key("rounds")] = self._rounds | {name: count}

    @property
    def _rounds(self) -> dict[str, int]:
        return st.session_state.get(self.widget_key("rounds"), {})


def show_error(problem: AgeModelError | str, what: str = "That did not work.") -> None:
    """Say what went wrong and why; the reason may hold what a user named."""
    st.error(f"**{what}**", icon=":material/error:")
    st.text(str(problem))


def show_folded(
    title: str, key: str, draw: Callable[..., object], *of: Any, **style: Any
) -> None:
    """Draw an expander whose content is made and loaded only while it is open.

    Args:
        title: what it holds.
        key: unique in the app.
        draw: draws the content, called with `of`.
        of: as `draw` takes it.
        style: passed on to `st.expander`.
    """
    part = st.expander(title, key=key, on_change="rerun", **style)
    if part.open:
        with part:
            draw(*of)


def stamp(*files: Path) -> tuple[int, ...]:
    """Numbers that change when one of some files is written: a key for caches."""
    found: list[int] = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            found.append(0)
        else:
            found += [status.st_mtime_ns, status.st_size, status.st_ino]
    return tuple(found)
