"""The command `shares`, which calibrates shares of many people's ages and genders."""

from __future__ import annotations

import argparse
from typing import Any

from agemodel.cli.exit_codes import DONE


def add_commands(commands: Any) -> None:
    """Add `shares` to the parser."""
    parser = commands.add_parser(
        "shares", help="calibrate a model's shares of age bands among many people"
    )
    parser.add_argument("name", metavar="NAME", help="of an exported model")
    parser.add_argument(
        "--groups",
        type=int,
        metavar="N",
        help="simulated groups of each size and mix; 30 unless given",
    )
    parser.set_defaults(run=_shares)


def _shares(args: argparse.Namespace) -> int:
    from agemodel.metrics.share_calibration import GROUPS_EACH
    from agemodel.metrics.shares import all_partitions
    from agemodel.models.model_folder import ModelFolder
    from agemodel.models.share_renewal import renew_shares

    found = renew_shares(ModelFolder.named(args.name), args.groups or GROUPS_EACH)
    for parts in all_partitions():
        named = zip(parts.parts, found.misfit[parts.name], strict=True)
        print(f"{parts.name}: " + ", ".join(f"{n} {sd:.1%}" for n, sd in named))
    print(
        f"Measured on {found.groups:,} simulated groups of {found.faces:,} validation "
        f"faces; written to the card of the model {args.name}."
    )
    return DONE
