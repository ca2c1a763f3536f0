"""The Dockerfile's steps run without a container engine, in a root of their own.

The root has the system's folders, read-only, in the place of the image's base; all
else in it is what the steps put there. It takes root's rights, and Linux.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

from agemodel.core import paths
from tests.drills.dockerfile import DOCKERFILE, IGNORE, Stage, lets_in, read_stages
from tests.harness.measurements import Missing

TOOLS = ("unshare", "mount", "chroot", "setpriv")
BASE = ("/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc")
KEPT_VARIABLES = ("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy")
"""By which a machine tells pip where packages are, and how to get there."""

_FILE_URL = re.compile(r"file://(/[^\s']+)")
_FOLDER = re.compile(r"find-links='(/[^\s']+)")


class Sandbox:
    """A root folder of one stage, with the means to run something in it."""

    def __init__(self, folder: Path, stage: Stage) -> None:
        """Prepare an empty root.

        Raises:
            Missing: no rights, or none of the tools.
        """
        if sys.platform != "linux" or os.geteuid() != 0:
            raise Missing("Running the Dockerfile's steps takes Linux and root.")
        for tool in TOOLS:
            if shutil.which(tool) is None:
                raise Missing(f"Running the Dockerfile's steps takes `{tool}`.")
        self.folder, self.stage, self.work = folder, stage, "/"
        for place in ("proc", "dev", "tmp", *_bases()):
            (folder / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        (folder / "tmp").chmod(0o1777)
        folder.chmod(0o755)

    def build(self, stages: dict[str, Sandbox]) -> int:
        """Run the stage's steps; return how many of them were run.

        Raises:
            RuntimeError: a step failed.
        """
        for step in self.stage.steps:
            if step.word == "COPY":
                self._copy(shlex.split(step.rest), stages)
            elif step.word == "WORKDIR":
                self.work = step.rest
                (self.folder / self.work.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif step.word == "RUN":
                self._run(step.rest)
        return len(self.stage.steps)

    def command(self, arguments: list[str], user: str, tmpfs: list[str]) -> list[str]:
        """What runs a program as the image would: read-only, as `uid:gid`, no rights.

        Args:
            arguments: the program and its arguments.
            user: its number and its group's.
            tmpfs: as compose.yaml has it, `/tmp:size=1g,...`.
        """
        uid, gid = user.split(":")
        mounts = [_tmpfs(self.folder, place) for place in tmpfs]
        mounts.append(f"mount -o remount,bind,ro {shlex.quote(str(self.folder))}")
        drop = [
            "setpriv",
            *(f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"),
            *("--bounding-set=-all", "--inh-caps=-all"),
        ]
        return self._inside([*drop, *arguments], mounts)

    def environment(self) -> dict[str, str]:
        """What a program in the sandbox finds in its environment."""
        kept = {k: v for k, v in os.environ.items() if k.startswith(KEPT_VARIABLES)}
        path = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin"
        return {**kept, "PATH": path, "HOME": "/tmp", **self.stage.environment()}

    def _run(self, line: str) -> None:
        done = subprocess.run(
            self._inside(["sh", "-ec", line], []),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"RUN {line[:80]} failed:\n{done.stderr[-2000:]}")

    def _inside(self, arguments: list[str], mounts: list[str]) -> list[str]:
        """Arguments that run others in the root, by mounts of their own."""
        root = shlex.quote(str(self.folder))
        lines = ["mount --make-rprivate /", f"mount --bind {root} {root}"]
        lines += [
            f"mount --rbind {place} {root}{place}"
            f" && mount -o remount,bind,ro {root}{place}"
            for place in _bases()
        ]
        lines += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        inner = shlex.join(arguments)
        change = shlex.quote(f"cd {shlex.quote(self.work)} && exec {inner}")
        chroot = shutil.which("chroot")
        lines += [*mounts, f"exec {chroot} {root} /bin/sh -c {change}"]
        outer = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*outer, "sh", "-ec", "\n".join(lines)]

    def _copy(self, arguments: list[str], stages: dict[str, Sandbox]) -> None:
        if arguments[0].startswith("--from="):
            source = stages[arguments.pop(0).removeprefix("--from=")].folder
            ignore = ""
        else:
            source, ignore = paths.ROOT, IGNORE.read_text("utf-8")
        *names, target = arguments
        for name in names:
            place = self.folder / target.lstrip("/")
            if target.endswith("/"):
                place /= Path(name).name
            _copy_tree(source, name.lstrip("/"), place, ignore)


def built(folder: Path) -> tuple[Sandbox, int]:
    """Run all steps of the Dockerfile in a fresh folder.

    Returns:
        The last stage's sandbox and the number of steps.

    Raises:
        Missing: it cannot be done here.
        RuntimeError: a step failed.
    """
    stages: dict[str, Sandbox] = {}
    steps = 0
    for number, stage in enumerate(read_stages(DOCKERFILE.read_text("utf-8"))):
        root = folder / f"stage-{number}"
        root.mkdir()
        sandbox = Sandbox(root, stage)
        steps += sandbox.build(stages)
        stages[stage.name] = sandbox
    return sandbox, steps


def _bases() -> list[str]:
    own = {sys.base_prefix, *_folders_of_pip()} - set(BASE)
    return [place for place in (*BASE, *sorted(own)) if Path(place).is_dir()]


def _folders_of_pip() -> set[str]:
    """The folders that pip on this machine is told to take packages from."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout
    indexes = {str(Path(place).parent) for place in _FILE_URL.findall(listed)}
    return indexes | set(_FOLDER.findall(listed))


def _tmpfs(root: Path, place: str) -> str:
    target, _, options = place.partition(":")
    path = shlex.quote(f"{root}{target}")
    return f"mount -t tmpfs -o {shlex.quote(options)} tmpfs {path}"


def _copy_tree(source: Path, name: str, place: Path, ignore: str) -> None:
    def skipped(folder: str, names: list[str]) -> set[str]:
        under = PurePosixPath(Path(folder).relative_to(source).as_posix())
        return {one for one in names if not lets_in(under / one, ignore)}

    if not lets_in(PurePosixPath(name), ignore):
        raise RuntimeError(f"COPY {name}: .dockerignore keeps it out.")
    place.parent.mkdir(parents=True, exist_ok=True)
    if (source / name).is_dir():
        shutil.copytree(source / name, place, ignore=skipped, symlinks=True)
    else:
        shutil.copy2(source / name, place)
