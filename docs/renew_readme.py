"""Write the shipped model's figures, from its card, into README.md."""

from __future__ import annotations

import re

from agemodel.core import paths
from agemodel.models import cards
from agemodel.serving import estimator

README = paths.ROOT / "README.md"
_MARKED = re.compile(r"(<!-- figures -->\n).*(\n<!-- end of figures -->)", re.DOTALL)


def renewed(text: str) -> str:
    """The page with the figures of the card as it is.

    Raises:
        ValueError: the page has no place for them.
    """
    card = cards.read_card(paths.ROOT / "assets" / "models" / estimator.DEFAULT_MODEL)
    new, found = _MARKED.subn(
        lambda mark: mark[1] + cards.headline(card) + mark[2], text
    )
    if not found:
        raise ValueError("The page has no marks for the figures.")
    return new


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
