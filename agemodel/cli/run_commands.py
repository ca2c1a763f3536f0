"""Commands about runs: train, evaluate, export, report, ship; and about models."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agemodel.cli.argument_types import positive_count
from agemodel.cli.exit_codes import DONE
from agemodel.cli.progress_bars import Bar, RunBar
from agemodel.core import paths
from agemodel.core.errors import RunError

if TYPE_CHECKING:
    from agemodel.runs.config import TrainConfig
    from agemodel.runs.run_folder import Run

_RUN = {"dest": "run_id", "metavar": "RUN"}
_MODEL = {"dest": "name", "metavar": "NAME", "help": "of an exported model"}


def add_commands(commands: Any) -> None:
    """Add them to the parser."""
    _add_train(commands)
    help_text = "measure a run on validation and test"
    evaluate = _add_command(commands, "evaluate", help_text, _evaluate, _RUN)
    evaluate.add_argument(
        "--replace", action="store_true", help="the figures of a run that ships, too"
    )
    export = _add_command(commands, "export", "make a model of a run", _export, _RUN)
    export.add_argument("name", metavar="NAME", help="of the model; the app's: mobile")
    report = _add_command(commands, "report", "a run as one HTML file", _report, _RUN)
    report.add_argument(
        "--out", type=Path, metavar="FILE", help="RUN.html in this folder unless given"
    )
    _add_command(commands, "ship", "copy a run to assets/runs/", _ship, _RUN)
    help_text = "measure anew what poor pictures cost a model"
    conditions = _add_command(commands, "conditions", help_text, _conditions, _MODEL)
    help_text = "validation faces, drawn; all unless given"
    conditions.add_argument("--faces", type=int, metavar="N", help=help_text)
    help_text = "calibrate a model's shares of age bands among many people"
    shares = _add_command(commands, "shares", help_text, _shares, _MODEL)
    help_text = "simulated groups of each size and mix; 30 unless given"
    shares.add_argument("--groups", type=int, metavar="N", help=help_text)
    _add_command(commands, "use", "choose the model that the app uses", _use, _MODEL)


def _add_train(commands: Any) -> None:
    parser = commands.add_parser("train", help="train a network by a recipe")
    parser.add_argument(
        "config",
        nargs="?",
        metavar="CONFIG",
        help="a TOML file, or a name; that of the run, where it has begun already",
    )
    parser.add_argument(
        "--run", dest="run_id", metavar="ID", help="name it, or go on with it"
    )
    parser.add_argument(
        "--readers",
        type=positive_count,
        default=os.cpu_count(),
        metavar="N",
        help="processes that read the faces; as many as there are cores unless given",
    )
    parser.add_argument(
        "--devices",
        type=positive_count,
        metavar="N",
        help="GPUs to split every batch over, with JAX; all that it sees unless given",
    )
    parser.add_argument("--of-sweep", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(run=partial(_train, parser))


def _add_command(
    commands: Any,
    name: str,
    help_text: str,
    run: Callable[[argparse.Namespace], int],
    of: Mapping[str, Any],
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_text)
    parser.add_argument(**of)
    parser.set_defaults(run=run)
    return parser


def _train(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if not (args.config or args.run_id):
        parser.error("give a CONFIG, or with --run the ID of a run to go on with")
    config = _config(args.config, args.run_id)
    from agemodel.jobs.locks import training_lock
    from agemodel.jobs.processes import ending_with_starter
    from agemodel.jobs.progress import STEPS
    from agemodel.jobs.records import TRAIN
    from agemodel.runs.run_folder import open_run

    if args.of_sweep:
        run, guard = open_run(config, args.run_id), ending_with_starter()
    else:
        run = _opened(config, args.run_id)
        guard = training_lock(run.id)
    with guard, _recorded(run, TRAIN, ["train", "--run", run.id]), _keeps_best(run):
        from agemodel.learning.training_loop import train

        with RunBar(run, unit="face") as search, RunBar(run, unit="step") as bar:
            run = train(
                config,
                paths.data_dir(),
                run_id=run.id,
                progress=search,
                on_step=lambda done, total: bar(done, total, STEPS),
                on_epoch=lambda row: print(_epoch_line(row, config.epochs), flush=True),
                readers=args.readers,
                devices=args.devices,
            )
    print(f"Done: run {run.id}. Next: python -m agemodel evaluate {run.id}")
    return DONE


def _config(source: str | None, run_id: str) -> TrainConfig:
    """The recipe in a file, or that of a run that has begun."""
    from agemodel.jobs.records import is_local
    from agemodel.runs.config import read_config
    from agemodel.runs.run_folder import find_run

    if source:
        return read_config(source)
    run = find_run(run_id)
    if not is_local(run):
        raise RunError(
            f"Run {run_id} ships with the project and was trained to its end. Train "
            "its recipe anew: python -m agemodel train CONFIG"
        )
    return run.read_config()


def _opened(config: TrainConfig, run_id: str | None) -> Run:
    """The run of that id, opened; an error while any training runs."""
    from agemodel.jobs.locks import refusal, run_in_training
    from agemodel.runs.run_folder import open_run

    running = run_in_training()
    if running is not None:
        raise RunError(refusal(running))
    return open_run(config, run_id)


@contextmanager
def _recorded(run: Run, kind: str, command: Sequence[str]) -> Iterator[None]:
    """Record this process in the run's folder, so that others can see and stop it."""
    from agemodel.jobs.processes import stoppable
    from agemodel.jobs.records import recorded

    with stoppable(), recorded(run, kind, command):
        yield


@contextmanager
def _keeps_best(run: Run) -> Iterator[None]:
    """Keep the best model so far when training is stopped, and print that."""
    from agemodel.jobs.best import keep_best

    try:
        yield
    except KeyboardInterrupt:
        epochs = keep_best(run)
        print(
            f"Stopped after {epochs} epochs; the best model so far is kept. Go on: "
            f"python -m agemodel train --run {run.id}"
            if epochs
            else "Stopped before the first epoch was done.",
            flush=True,
        )
        raise


def _epoch_line(row: dict[str, Any], epochs: int) -> str:
    return (
        f"epoch {row['epoch']}/{epochs}: validation MAE "
        f"{row['val_age_mae_years']:.3f} years, validation gender "
        f"{row['val_gender_accuracy']:.2%}, train MAE "
        f"{row['age_mae_years']:.3f} years, {row['seconds']:.0f} s"
    )


def _evaluate(args: argparse.Namespace) -> int:
    from agemodel.jobs.best import keep_best
    from agemodel.jobs.records import EVALUATE
    from agemodel.runs.run_folder import find_run

    run = find_run(args.run_id)
    if not args.replace:
        run.check_may_change()
    with _recorded(run, EVALUATE, ["evaluate", run.id]):
        keep_best(run)
        from agemodel.learning.evaluate import evaluate

        with RunBar(run, unit="face") as bar:
            result = evaluate(run, paths.data_dir(), bar, replace_shipped=args.replace)
    for name, part in result["splits"].items():
        low, high = part["mae_years_95"]
        print(
            f"{name}: n {part['n']}, MAE {part['mae_years']:.3f} years ({low:.2f} to "
            f"{high:.2f}), within 5 years {part['cs5']:.1%}, "
            f"gender {part['gender_accuracy']:.2%}"
            f", 80 % range holds {part['coverage']:.1%}"
        )
    return DONE


def _export(args: argparse.Namespace) -> int:
    from agemodel.jobs.records import EXPORT
    from agemodel.runs.run_folder import find_run

    run = find_run(args.run_id)
    with _recorded(run, EXPORT, ["export", run.id, args.name]), RunBar(run) as bar:
        bar(0, None, "exporting")
        from agemodel.learning.export import export

        print(f"Exported to {export(run, args.name, paths.data_dir())}.")
    return DONE


def _conditions(args: argparse.Namespace) -> int:
    from agemodel.learning.conditions import renew_conditions
    from agemodel.models.model_folder import ModelFolder

    model = ModelFolder.named(args.name)
    with Bar() as bar:
        measured = renew_conditions(model, paths.data_dir(), args.faces, bar)
    for name, bins in measured.curves.items():
        for one in bins:
            print(
                f"{name} {one.at:g}: n {one.n}, MAE {one.mae_years:.2f} years, "
                f"80 % range holds {one.coverage:.1%}, widened by {one.widening:.2f} "
                f"{one.coverage_widened:.1%}"
            )
    print(f"Written to the card of the model {args.name}.")
    return DONE


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


def _report(args: argparse.Namespace) -> int:
    from agemodel.report import write_report
    from agemodel.runs.run_folder import find_run

    run = find_run(args.run_id)
    path = args.out or Path(f"{run.id}.html")
    write_report(run, path)
    print(f"Written to {path}.")
    return DONE


def _ship(args: argparse.Namespace) -> int:
    from agemodel.runs.run_folder import find_run, ship_run

    print(f"Shipped to {ship_run(find_run(args.run_id)).folder}.")
    return DONE


def _use(args: argparse.Namespace) -> int:
    from agemodel.models.app_model import choose

    choose(args.name)
    print(f"The app uses the model {args.name} from now on.")
    return DONE
