"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 face`, `1,200 faces`.

    Args:
        number: of things.
        one: the noun for one of them.
        many: for any other number of them; with an s unless given.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
