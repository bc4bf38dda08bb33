"""Tests a connection to files: whether Eventer can write, and the sizes of folders."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from eventer.destinations.file.settings import FileSettings
from eventer.destinations.file.shard_folder import CONTROL_FOLDER, translate_errors
from eventer.destinations.file.target_path import target_folder
from eventer.destinations.inspection import ConnectionReport, TargetSize


def inspect_root(settings: FileSettings, paths: Sequence[str]) -> ConnectionReport:
    """Writes a temporary file, and reads the sizes of the folders of targets.

    Raises:
        DestinationUnavailableError: the root cannot be written.
    """
    root = settings.root
    with translate_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            sizes = {path: _size(target_folder(root, path)) for path in paths}
    existing = {path: size for path, size in sizes.items() if size is not None}
    return ConnectionReport(f"files below {root}", "exactly-once", None, existing)


def _size(folder: Path) -> TargetSize | None:
    if not folder.is_dir():
        return None
    files = (path for path in folder.rglob("*") if CONTROL_FOLDER not in path.parts)
    return TargetSize(bytes=sum(path.stat().st_size for path in files if path.is_file()))
