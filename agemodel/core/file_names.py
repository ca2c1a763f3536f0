"""File names as they are shown to people.

A name may hold line breaks, marks that reverse the text after them, and invisible
characters.
"""

from __future__ import annotations

import unicodedata

MAX_SHOWN = 300
"""Characters of a name that are shown; the middle of a longer one is left out."""

NAMELESS = "a file without a name"

_JOINERS = frozenset("\u200c\u200d")  # scripts and emoji need them
_TAGS = range(0xE0020, 0xE0080)  # flags of regions are spelt with them


def shown_name(name: str) -> str:
    r"""A file name on one line, with nothing hidden in it.

    Characters that break lines, reorder text or are invisible are escaped: `\n`,
    `\u202e`.

    Args:
        name: any text, also with lone surrogates; the result is valid Unicode.
    """
    if not name.strip():
        return NAMELESS
    if len(name) > MAX_SHOWN:
        head, tail = MAX_SHOWN * 2 // 3, MAX_SHOWN // 3 - 1
        name = f"{name[:head]}…{name[-tail:]}"
    return "".join(_spelt(char) if _is_hidden(char) else char for char in name)


def _is_hidden(char: str) -> bool:
    kind = unicodedata.category(char)
    if kind == "Cf":
        return char not in _JOINERS and ord(char) not in _TAGS
    return kind in ("Cc", "Cs", "Zl", "Zp")


def _spelt(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
