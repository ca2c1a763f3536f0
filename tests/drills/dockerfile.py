"""The Dockerfile, read as far as ours goes: its stages, their steps, what it copies."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from agemodel.core import paths

DOCKERFILE = paths.ROOT / "deploy" / "app.Dockerfile"
IGNORE = paths.ROOT / "deploy" / "app.Dockerfile.dockerignore"


@dataclass(frozen=True)
class Step:
    """One instruction: `COPY`, `RUN`, ..., and all that follows it."""

    word: str
    rest: str

    def listed(self) -> list[str]:
        """The arguments of a command that is written as a JSON list."""
        return [str(argument) for argument in json.loads(self.rest)]


@dataclass
class Stage:
    """What one FROM begins.

    Attributes:
        name: by which other stages copy from it; empty for the last.
        steps: in their order; neither FROM nor ARG.
    """

    name: str
    steps: list[Step] = field(default_factory=list)

    def last(self, word: str) -> Step:
        """The instruction of this kind that counts.

        Raises:
            ValueError: there is none.
        """
        for step in reversed(self.steps):
            if step.word == word:
                return step
        raise ValueError(f"The Dockerfile's last stage has no {word}.")

    def environment(self) -> dict[str, str]:
        """What the stage's ENV instructions set."""
        pairs = [
            pair.split("=", 1)
            for step in self.steps
            if step.word == "ENV"
            for pair in shlex.split(step.rest)
        ]
        return {name: value for name, value in pairs}


def read_stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile, the one that becomes the image last."""
    stages: list[Stage] = []
    code = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(None, map(str.strip, code.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append(Stage(rest.partition(" AS ")[2].strip()))
        elif stages:
            stages[-1].steps.append(Step(word, rest.strip()))
    return stages


def lets_in(path: PurePosixPath, ignore: str) -> bool:
    """Whether a .dockerignore leaves a path in what is copied from.

    The last line that fits the path, or a folder above it, decides.
    """
    inside = True
    for line in ignore.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            again = pattern.startswith("!")
            if _fits(path, pattern.removeprefix("!")):
                inside = again
    return inside


def _fits(path: PurePosixPath, pattern: str) -> bool:
    """`*` stands for anything but a slash, a leading `**/` for any folders."""
    wanted = pattern.removeprefix("**/").split("/")
    starts = range(len(path.parts)) if pattern.startswith("**/") else (0,)
    return any(
        len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
        for start in starts
        if (parts := path.parts[start : start + len(wanted)])
    )
