"""Commands about the face detector: train its search network, fit the face check."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from agemodel.cli.exit_codes import DONE


def add_commands(commands: Any) -> None:
    """Add them to the parser."""
    detector = commands.add_parser("detector", help="train the face detector's parts")
    actions = detector.add_subparsers(required=True, metavar="ACTION")
    train = actions.add_parser("train", help="the network that searches photos")
    _add_sources(train)
    train.add_argument("out", type=Path, metavar="FILE", help="of LiteRT, to write")
    train.add_argument(
        "--crops", type=Path, metavar="FOLDER", help="cropped faces, to learn from too"
    )
    train.add_argument("--steps", type=int, default=7_000, help="batches of 24 scenes")
    train.set_defaults(run=_train)
    check = actions.add_parser("check", help="fit a model's face check")
    check.add_argument("model", metavar="NAME", help="of an exported model")
    _add_sources(check)
    check.set_defaults(run=_check)


def _add_sources(parser: argparse.ArgumentParser) -> None:
    for name, what in (
        ("--portraits", "photos, and faces.csv: file, x0, y0, x1, y1, score"),
        ("--faceless", "pictures without a face"),
    ):
        parser.add_argument(name, type=Path, metavar="FOLDER", required=True, help=what)


def _train(args: argparse.Namespace) -> int:
    from agemodel.learning.face_search import search_sources as sources
    from agemodel.learning.face_search.search_scenes import Scenes
    from agemodel.learning.face_search.search_training import (
        SearchRecipe,
        search_network_for_app,
        train_search_network,
    )

    recipe = SearchRecipe(steps=args.steps)
    pictures = list(sources.read_portraits(args.portraits, held_out=False)) * 4
    if args.crops:
        pictures += sources.read_crops(sorted(args.crops.rglob("*.*")))
    faceless = sources.read_faceless(args.faceless, held_out=False)
    scenes = Scenes(pictures, faceless, recipe.size_px, recipe.seed)
    checkpoints = args.out.with_suffix(".checkpoints")
    model = train_search_network(scenes, recipe, checkpoints)
    args.out.write_bytes(search_network_for_app(model))
    print(f"Wrote {args.out}.")
    return DONE


def _check(args: argparse.Namespace) -> int:
    from agemodel.learning.face_search import search_sources as sources
    from agemodel.learning.face_search.check_samples import (
        CANDIDATE_SCORE,
        collect_samples,
    )
    from agemodel.models.face_check import fit_face_check
    from agemodel.models.model_folder import ModelFolder
    from agemodel.serving.estimator import Estimator

    model = ModelFolder.named(args.model)
    estimator = Estimator(model.path, 1, CANDIDATE_SCORE)
    learned, held_out = (
        collect_samples(
            estimator,
            sources.read_portraits(args.portraits, held_out=part),
            sources.read_faceless(args.faceless, held_out=part),
        )
        for part in (False, True)
    )
    check = fit_face_check(learned.scores, learned.embeddings, learned.is_face)
    model.write_card(replace(model.card, face_check=check))
    print(f"Fitted on {check.faces:,} faces and {check.others:,} other candidates.")
    for label, group in (("faces", held_out.is_face), ("others", ~held_out.is_face)):
        likely = [
            check.probability(score, embedding)
            for score, embedding in zip(
                held_out.scores[group], held_out.embeddings[group], strict=True
            )
        ]
        kept = sum(p >= check.none_below for p in likely)
        sure = sum(p >= check.doubtful_below for p in likely)
        print(f"Held out: {len(likely):,} {label}, {kept:,} kept, {sure:,} sure.")
    return DONE
