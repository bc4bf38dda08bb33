"""Tests a connection to files: whether Eventer can write, and the sizes of folders."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
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
            sizes = {path: _size(root, path) for path in paths}
    existing = {path: size for path, size in sizes.items() if size is not None}
    return ConnectionReport(f"files below {root}", "exactly-once", None, existing)


def _size(root: Path, path: str) -> TargetSize | None:
    """The size of a target; None if it is not a folder below the root."""
    try:
        folder = target_folder(root, path)
    except (DestinationRejectedError, TargetUnavailableError):
        return None
    if not folder.is_dir():
        return None
    files = (each for each in folder.rglob("*") if CONTROL_FOLDER not in each.parts)
    return TargetSize(bytes=sum(each.stat().st_size for each in files if each.is_file()))
