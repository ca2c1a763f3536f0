"""Which exported model the app uses: a name in a small file beside the runs."""

from __future__ import annotations

from pathlib import Path

from agemodel.core import paths
from agemodel.core.errors import ModelError
from agemodel.core.file_names import is_plain_name
from agemodel.core.files import runs_place, write_whole, writing
from agemodel.models.model_folder import ModelFolder

DEFAULT_MODEL = "mobile"
"""The model that ships."""

FILE = "app-model"

_BACK = f"Go back to the model that ships: python -m agemodel use {DEFAULT_MODEL}"


def read_name() -> str:
    """The name of the app's model: the one chosen, else `DEFAULT_MODEL`.

    Raises:
        ModelError: the choice cannot be read, or is no name.
    """
    path = paths.runs_dir() / FILE
    try:
        name = path.read_text("utf-8").strip()
    except FileNotFoundError:
        return DEFAULT_MODEL
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path}, which names the app's model, cannot be read: {error}. {_BACK}"
        ) from error
    if not is_plain_name(name):
        raise ModelError(f"{path} should name the app's model, and does not. {_BACK}")
    return name


def model_folder() -> Path:
    """Where the app's model lies, if it is there.

    Raises:
        ModelError: see `read_name`.
    """
    return paths.models_dir() / read_name()


def is_chosen() -> bool:
    """Whether another model than the one that ships was chosen, readable or not."""
    try:
        return read_name() != DEFAULT_MODEL
    except ModelError:
        return True


def check() -> None:
    """Read the card of the app's model, which is quick, and no more.

    Raises:
        ModelError: there is no such model, or its card cannot be read. Where another
            than the one that ships was chosen, the message says how to go back.
    """
    name = read_name()
    try:
        _ = ModelFolder.named(name).card
    except ModelError as error:
        if name == DEFAULT_MODEL:
            raise
        raise ModelError(f"{error} Or: {_BACK}") from error


def choose(name: str) -> None:
    """Make an exported model the app's.

    Raises:
        ModelError: there is no such model, its card cannot be read, or the choice
            cannot be written.
    """
    path = paths.runs_dir() / FILE
    check_name(name)
    if name != DEFAULT_MODEL:
        _ = ModelFolder.named(name).card
    with writing("The choice of the app's model", runs_place(), ModelError):
        if name == DEFAULT_MODEL:
            path.unlink(missing_ok=True)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{name}\n".encode())


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a model.

    Raises:
        ModelError: it cannot.
    """
    if not is_plain_name(name):
        raise ModelError(
            f"{name!r} cannot name a model: use letters, digits, . _ and -."
        )
