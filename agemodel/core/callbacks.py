"""The function by which long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int | None, str], None]
"""Called now and then with how much is done, of how much (None: not known), and a
phrase for what is being done. An error that it raises ends the work: so it cancels."""
