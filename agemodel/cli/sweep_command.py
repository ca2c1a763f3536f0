"""The command `sweep`: variants of a recipe, each as a run."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from statistics import fmean
from typing import TYPE_CHECKING, Any

from agemodel.cli.argument_types import add_engine, positive_count
from agemodel.cli.exit_codes import DONE, FAILED
from agemodel.core import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agemodel.jobs.sweep import Engine
    from agemodel.runs.variants import Variant

_COMPARED = 6
"""As many as the Training page compares at a time."""


def add_commands(commands: Any) -> None:
    """Add `sweep` to the parser."""
    parser = commands.add_parser(
        "sweep", help="train variants of a recipe and compare them"
    )
    parser.add_argument("config", metavar="CONFIG", help="a TOML file, or a name")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE,VALUE",
        help="values of a setting to try, as learning_rate=3e-4,6e-4; may be repeated",
    )
    parser.add_argument(
        "--seeds",
        type=positive_count,
        default=1,
        metavar="N",
        help="train each with so many seeds; with the recipe's unless given",
    )
    parser.add_argument(
        "--name", help="with which the runs' names begin; the recipe's unless given"
    )
    add_engine(parser)
    parser.add_argument(
        "--workers",
        type=positive_count,
        metavar="N",
        help="trainings at a time; one a GPU or machine unless given",
    )
    parser.set_defaults(run=_sweep)


def _sweep(args: argparse.Namespace) -> int:
    from agemodel.dataset.index import images_dir
    from agemodel.jobs.processes import stoppable
    from agemodel.jobs.sweep import DONE as TRAINED
    from agemodel.jobs.sweep import run_sweep
    from agemodel.runs.config import read_config
    from agemodel.runs.variants import variants_of

    config = read_config(args.config)
    variants = variants_of(config, args.name or config.name, args.settings, args.seeds)
    images_dir(paths.data_dir())
    ended, engine = {}, _engine_of(args)
    workers = args.workers or engine.places
    print(f"{len(variants)} runs, {workers} at a time.", flush=True)
    with stoppable(), closing(run_sweep(variants, engine, workers, _say)) as ends:
        try:
            for variant, how in ends:
                ended[variant.run_id] = how
                print(_line(variant, how), flush=True)
        except KeyboardInterrupt:
            print("Go on by the same command.", file=sys.stderr)
            raise
    print("\n".join(_comparison(variants)))
    return DONE if set(ended.values()) == {TRAINED} else FAILED


def _engine_of(args: argparse.Namespace) -> Engine:
    from agemodel.jobs.sweep import LocalEngine, RayEngine

    if args.engine == "ray":
        return RayEngine(args.address, args.workers)
    return LocalEngine()


def _say(variant: Variant) -> None:
    print(f"{variant.run_id}: begins, or goes on", flush=True)


def _line(variant: Variant, how: str) -> str:
    """How the run of a variant ended; of one that failed its last words."""
    from agemodel.jobs.records import read_job, read_tail
    from agemodel.jobs.sweep import FAILED as HAS_FAILED
    from agemodel.runs.run_folder import Run

    run = Run(paths.runs_dir() / variant.run_id)
    line = f"{variant.run_id}: {how}"
    job = read_job(run) if how == HAS_FAILED else None
    return f"{line}\n{read_tail(run, job)}" if job else line


def _comparison(variants: Sequence[Variant]) -> Iterator[str]:
    """The settings from the best on, each by the mean over its seeds."""
    from agemodel.runs.variants import compare

    compared = compare(variants)
    if compared:
        yield "Validation MAE of the best epoch, years; the mean of the seeds first:"
    for changed, by_run in compared.items():
        maes = by_run.values()
        ends = f" ({min(maes):.2f} to {max(maes):.2f})" if len(maes) > 1 else ""
        yield f"{fmean(maes):.2f}{ends} {changed}".rstrip()
    ids = [run_id for by_run in compared.values() for run_id in by_run]
    if ids:
        yield f"On the Training page: training?runs={','.join(ids[:_COMPARED])}"
