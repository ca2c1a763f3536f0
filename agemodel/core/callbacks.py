"""The type of callbacks that report progress."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[int, int | None, str], None]
"""A function of (done, total, text): finished units, all units (None: not known), and
a phrase for the present step. To cancel the work, raise an error in it."""
