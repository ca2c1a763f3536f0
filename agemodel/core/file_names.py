"""File names: plain ones, as they are shown to people, and those that are no photo's.

A name may hold line breaks, marks that reverse the text after them, and invisible
characters.
"""

from __future__ import annotations

import re
import unicodedata

MAX_SHOWN = 300
"""Characters of a name that are shown; the middle of a longer one is left out."""

NAMELESS = "a file without a name"

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")

_BOOKKEEPING = frozenset(
    {
        *("__macosx", ".ds_store", ".localized", ".apdisk"),  # macOS
        *("thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "recycler"),
        *("@eadir", "#recycle", "@recycle", "#snapshot", "lost+found"),  # storage
        *(".nomedia", ".directory", ".hidden", ".picasa.ini"),
    }
)
"""Names of files and folders, in lower case."""

_JOINERS = frozenset("\u200c\u200d")  # scripts and emoji need them
_TAGS = range(0xE0020, 0xE0080)  # flags of regions are spelt with them


def is_plain_name(name: str) -> bool:
    """Whether a run, a job or a model may be called so: it names a folder anywhere."""
    return _PLAIN.fullmatch(name) is not None


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
    return "".join(
        char.encode("unicode_escape").decode() if _is_hidden(char) else char
        for char in name
    )


def is_bookkeeping(path: str) -> bool:
    """Whether a file is what systems keep beside photos: nobody put it there.

    That is all in hidden folders (`.thumbnails`, `.@__thumb`, `.Trash-1000`), what
    macOS writes beside files (`._a.jpg`), and the indices, thumbnails and bins of
    Windows, storage servers and others.

    Args:
        path: a name, or a path from the folder or archive that was given, whose parts
            are separated by / or \\.
    """
    parts = re.split(r"[/\\]", path.lower())
    return (
        any(re.match(r"\.[^.]", folder) for folder in parts[:-1])
        or parts[-1].startswith("._")
        or not _BOOKKEEPING.isdisjoint(parts)
    )


def _is_hidden(char: str) -> bool:
    kind = unicodedata.category(char)
    if kind == "Cf":
        return char not in _JOINERS and ord(char) not in _TAGS
    return kind in ("Cc", "Cs", "Zl", "Zp")
