"""The command line: `python -m agemodel COMMAND`.

Each command imports what it needs when it runs, so that `--help` and `predict` start
without TensorFlow::

    predict   estimates of photos, and which model the app uses
    bulk      estimates of very many photos, and their summary
    data      the dataset
    runs      training, what is made of a run, and the models
    sweep     variants of a recipe
    detector  training of the face detector
    footage   who came, from recorded video
    camera    who comes, by a camera of this machine
    doctor    checks of the installation
    progress  progress bars
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from agemodel import __version__
from agemodel.cli import (
    bulk_command,
    camera_command,
    data_commands,
    detector_commands,
    doctor_command,
    footage_command,
    predict_command,
    run_commands,
    summarize_command,
    sweep_command,
)
from agemodel.cli.exit_codes import FAILED, STOPPED
from agemodel.core.caps import caps
from agemodel.core.errors import AgeModelError

_COMMANDS = (
    *(predict_command, bulk_command, summarize_command, data_commands, run_commands),
    *(sweep_command, detector_commands, footage_command, camera_command),
    doctor_command,
)
"""In the order in which `--help` lists them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: those of the process unless given.

    Returns:
        0 when all went well, 1 when something failed, 130 when it was stopped; wrong
        usage exits with 2.
    """
    args = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # names print in any encoding, as on standard error
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        caps()  # a senseless one stops every command here
        return args.run(args)
    except AgeModelError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader of a pipe has left: `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    """All commands and their arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m agemodel",
        description="Apparent age and gender of faces, with honest uncertainty.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in _COMMANDS:
        part.add_commands(commands)
    return parser
