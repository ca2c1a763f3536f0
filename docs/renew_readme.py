"""Write the shipped model's figures, from its card, into README.md."""

from __future__ import annotations

import re

from agemodel.core import paths
from agemodel.models.app_model import DEFAULT_MODEL
from agemodel.models.card_text import readme_figures
from agemodel.models.model_folder import ModelFolder

README = paths.ROOT / "README.md"
_MARKED = re.compile(r"(<!-- figures -->\n).*(\n<!-- end of figures -->)", re.DOTALL)


def renewed(text: str) -> str:
    """The page with the figures of the card as it is.

    Raises:
        ValueError: the page has no place for them.
    """
    card = ModelFolder(paths.ROOT / "assets" / "models" / DEFAULT_MODEL).card
    new, found = _MARKED.subn(
        lambda mark: mark[1] + readme_figures(card) + mark[2], text
    )
    if not found:
        raise ValueError("The page has no marks for the figures.")
    return new


if __name__ == "__main__":
    README.write_text(renewed(README.read_text("utf-8")), "utf-8")
