"""What several commands take: types of arguments, and the choice of an engine."""

from __future__ import annotations

import argparse


def positive_count(text: str) -> int:
    """A whole number of at least 1.

    Raises:
        ValueError: it is none.
    """
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the choice between processes of this machine and a Ray cluster."""
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="processes of this machine, unless given, or tasks of a Ray cluster",
    )
    parser.add_argument(
        "--address",
        metavar="ADDRESS",
        help="of a Ray cluster, or auto; a private one on this machine unless given",
    )
