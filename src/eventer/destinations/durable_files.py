"""Waits until files survive a power failure."""

from __future__ import annotations

import os
from pathlib import Path


def sync_file(descriptor: int) -> None:
    """Waits until the data of an open file survives a power failure."""
    os.fdatasync(descriptor)


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
