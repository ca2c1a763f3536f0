"""The record of a bulk run, `_run.json`: with what it was made, and how much came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agemodel.bulk.file_list import ListedFiles
from agemodel.bulk.parts import Counts
from agemodel.bulk.stores import Store
from agemodel.core import paths
from agemodel.core.caps import caps
from agemodel.core.checksums import MANIFEST, seal, sha256_of, unseal
from agemodel.core.errors import BulkError, ModelError
from agemodel.core.json_records import record_from, values_of
from agemodel.models.model_folder import CARD, ModelFolder

RECORD = "_run.json"


@dataclass(frozen=True)
class ModelIdentity:
    """Which model, with which calibration and detector.

    Attributes:
        name: of the model.
        sha256: of its network.
        card_sha256: of its card, which holds the calibration.
        detectors_sha256: of the manifest of the detectors' files.
    """

    name: str
    sha256: str
    card_sha256: str
    detectors_sha256: str


@dataclass(frozen=True)
class Settings:
    """What a run that goes on has to have in common with its beginning.

    Attributes:
        source: as given.
        model: that estimates.
        aligned: whether each file is a cropped face already.
        shard_files: files of a shard.
        most_faces: of one photo, the largest first.
        version: of this project.
    """

    source: str
    model: ModelIdentity
    aligned: bool
    shard_files: int
    most_faces: int
    version: str


@dataclass(frozen=True)
class BulkRecord:
    """The record of a run.

    Attributes:
        settings: of the run.
        listed: the files and the checksum of their list.
        versions: of the packages at its beginning, by their names.
        started: when, in UTC, ISO 8601.
        ended: when the last shard was done; empty before.
        counts: what it holds when it has ended.
    """

    settings: Settings
    listed: ListedFiles
    versions: dict[str, str] = field(default_factory=dict)
    started: str = ""
    ended: str = ""
    counts: Counts = field(default_factory=Counts)

    @property
    def shards(self) -> int:
        """How many shards its files make."""
        return -(-self.listed.count // self.settings.shard_files)


def identity_of(name: str) -> ModelIdentity:
    """The identity of an exported model here.

    Raises:
        ModelError: it is missing, or its card is damaged.
    """
    model = ModelFolder.named(name)
    sha256 = model.card.sha256
    try:
        card = (model.path / CARD).read_bytes()
        manifest = (paths.DETECTORS / MANIFEST).read_bytes()
    except OSError as error:
        raise ModelError(f"The model {name} cannot be read: {error}.") from error
    return ModelIdentity(name, sha256, sha256_of(card), sha256_of(manifest))


def current_settings(
    source: str, model_name: str, aligned: bool, shard_files: int
) -> Settings:
    """The settings of a run that begins now.

    Raises:
        ModelError: see `identity_of`.
    """
    from agemodel import __version__

    model = identity_of(model_name)
    return Settings(source, model, aligned, shard_files, caps().faces, __version__)


def write_record(store: Store, record: BulkRecord) -> None:
    """Write the record.

    Raises:
        BulkError: the store refuses it.
    """
    with store.writing(RECORD) as file:
        file.write(seal(values_of(record)))


def read_record(store: Store) -> BulkRecord:
    """Read the record of a run.

    Raises:
        BulkError: there is none, or it is damaged.
    """
    try:
        with store.reading(RECORD) as file:
            return record_from(BulkRecord, unseal(file.read()))
    except FileNotFoundError as error:
        raise BulkError(
            f"{store.name} holds no bulk run: expected {RECORD} in it. Make one: "
            "python -m agemodel bulk SOURCE OUT"
        ) from error
    except (OSError, ValueError) as error:
        raise BulkError(
            f"{RECORD} in {store.name} is damaged: {error}. Begin anew in another "
            "folder."
        ) from error


def check_same(began: Settings, now: Settings) -> None:
    """Refuse to go on with a run by other settings.

    Raises:
        BulkError: one differs; the message names it.
    """
    before, after = _flat(values_of(began)), _flat(values_of(now))
    differing = [name for name in before if before[name] != after.get(name)]
    if differing:
        name = differing[0]
        raise BulkError(
            f"The run began with {name} {_shown(before[name])}, and this is "
            f"{_shown(after.get(name))}: rows of both would be mixed. Go on with the "
            "same, or begin anew in another folder."
        )


def _flat(values: Mapping[str, object], head: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{name} ")
        else:
            found[head + name] = value
    return found


def _shown(value: object) -> str:
    return repr(value)[:80]
