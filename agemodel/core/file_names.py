"""What a file is called, on the one line where a person reads it.

A name comes from whoever made the file. It may hold line breaks, marks that turn the
text after them around, and characters that nobody sees.
"""

from __future__ import annotations

import unicodedata

MAX_SHOWN = 300
"""Characters of a name that are shown; of a longer one, its middle is left out."""

NAMELESS = "a file without a name"

_JOINERS = frozenset("\u200c\u200d")  # scripts and emoji need them
_TAGS = range(0xE0020, 0xE0080)  # flags of regions are spelt with them


def shown_name(name: str) -> str:
    r"""A name as it is, on one line, with nothing hidden in it.

    What breaks lines, reorders text or cannot be seen is spelt: `\n`, `\u202e`.

    Args:
        name: anything, also with lone surrogates; the result is valid Unicode.
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
