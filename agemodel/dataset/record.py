"""import.json: which import is the dataset, and what came of it.

Every import has a folder of its own, `utkface-<id>/`, that holds the images and the
tables. A folder counts only once `import.json` names it, and that file is put in place
by one `os.replace`: a reader sees the old import or the new one, each whole, and there
is no moment between two renames to recover from.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from agemodel.core.checksums import sha256_of
from agemodel.core.errors import DatasetError
from agemodel.core.files import put_in_place

RECORD_NAME = "import.json"
IMAGES_NAME = "images"
FORMAT = 1
IMPORT_HINT = "Import it with: python -m agemodel data import UTKFace.tar.gz"
REPAIR = "Import the dataset again: python -m agemodel data import UTKFace.tar.gz"
UTKFACE, LABELLED = "utkface", "labelled"
"""The kinds of imports: what the names of their folders begin with."""
_FOLDER = re.compile(rf"({UTKFACE}|{LABELLED})-[0-9a-f]{{16}}")


@dataclass(frozen=True)
class ImportRecord:
    """What `import.json` holds.

    Attributes:
        format: of the folder's layout, `FORMAT`.
        folder: the name of the import's folder, beside `import.json`.
        source: the name of the archive or folder that was imported.
        sha256: of the archive; empty for a folder.
        fingerprint: of the source and the splits; equal for an equal import.
        usable: how many images are in the index.
        rejects: how many files were not usable.
        skipped: how many files were a system's own clutter.
        without_split: how many usable images the splits do not name.
        image_bytes: of all images together.
        index_sha256: of the index's file.
        rejects_sha256: of the rejects' file.
        version: of the package that imported.
        imported_at: in UTC, ISO 8601.
    """

    format: int
    folder: str
    source: str
    sha256: str
    fingerprint: str
    usable: int
    rejects: int
    skipped: int
    without_split: int
    image_bytes: int
    index_sha256: str
    rejects_sha256: str
    version: str
    imported_at: str


def read_record(data_dir: Path) -> ImportRecord:
    """Read and check `import.json`.

    Raises:
        DatasetError: there is no dataset, or the file is damaged.
    """
    path = Path(data_dir) / RECORD_NAME
    try:
        content = json.loads(path.read_bytes())
        check = content.pop("check")
        record = ImportRecord(**content)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DatasetError(f"There is no dataset yet. {IMPORT_HINT}") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatasetError(f"{path} cannot be read ({error}). {REPAIR}") from error
    if check != _check_of(record):
        raise DatasetError(f"{path} is damaged. {REPAIR}")
    if record.format != FORMAT or not is_import_folder(record.folder):
        raise DatasetError(f"{path} is of another version. {REPAIR}")
    return record


def commit_record(data_dir: Path, record: ImportRecord) -> None:
    """Make `record`'s folder the dataset, in one step that survives a power cut."""
    content = asdict(record) | {"check": _check_of(record)}
    draft = data_dir / record.folder / RECORD_NAME
    draft.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    put_in_place(draft, data_dir / RECORD_NAME)


def new_folder_name(kind: str) -> str:
    """A name that no other import has, for one of a kind."""
    return f"{kind}-{secrets.token_hex(8)}"


def remove_leftovers(data_dir: Path) -> None:
    """Delete the folders of imports that `import.json` does not name.

    Only for the holder of the import's lock. Nothing is deleted while `import.json`
    is there but cannot be read; other files in `data_dir` are never touched.
    """
    current = ""
    if (data_dir / RECORD_NAME).exists():
        try:
            current = read_record(data_dir).folder
        except DatasetError:
            return
    for path in data_dir.iterdir():
        if is_import_folder(path.name) and path.name != current:
            shutil.rmtree(path, ignore_errors=True)


def is_import_folder(name: str) -> bool:
    """Whether a folder in the data folder is an import's own."""
    return _FOLDER.fullmatch(name) is not None


def _check_of(record: ImportRecord) -> str:
    """A digest of the record, so that a flipped bit in it is told."""
    text = json.dumps(asdict(record), sort_keys=True)
    return sha256_of(text.encode())
