"""Files that a killed process may have written by half."""

import json
import zipfile
from pathlib import Path

import pandas as pd


def half_written(*folders: Path) -> list[str]:
    """Files in folders that a reader would take for whole, and are not."""
    files = [path for folder in folders for path in folder.glob("[!.]*")]
    return [path.name for path in files if path.is_file() and not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    try:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        if path.suffix == ".parquet":
            pd.read_parquet(path)
        return path.suffix != ".csv" or path.read_bytes().endswith(b"\n")
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
