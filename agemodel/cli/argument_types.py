"""Types of the commands' arguments, as `argparse` takes them."""

from __future__ import annotations


def positive_count(text: str) -> int:
    """A whole number of at least 1.

    Raises:
        ValueError: it is none.
    """
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count
