"""The manifest of a shard: the positions of its generators, and the parts that it publishes.

A manifest is replaced as a whole, so a reader sees the old one or the new one. That is the commit
of events and positions. `publishing` names the parts of the last commit: a crash may leave some
where they were written, and the next owner moves them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eventer.core.cursor import read_cursor
from eventer.core.errors import DestinationUnavailableError
from eventer.core.model import Position, PositionKey


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a shard has committed. `publishing` maps parts to their paths below the root."""

    epoch: int = 0
    positions: Mapping[PositionKey, Position] = field(default_factory=dict)
    publishing: Mapping[str, str] = field(default_factory=dict)

    def next_commit(
        self, positions: Mapping[PositionKey, Position], publishing: Mapping[str, str]
    ) -> Manifest:
        """The manifest after a commit."""
        merged = {**self.positions, **positions}
        return replace(self, positions=merged, publishing=publishing)


class DamagedManifestError(DestinationUnavailableError):
    """The file is not a manifest. The generators wait until the operator restores it."""


def read_manifest(path: Path) -> Manifest | None:
    """Reads a manifest; None if there is none.

    Raises:
        OSError: the file cannot be read.
        DamagedManifestError: it is not a manifest.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        parts = json.loads(text)
        positions = dict(map(_read_position, parts["positions"]))
        return Manifest(parts["epoch"], positions, parts["publishing"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedManifestError(
            f"{path} is damaged",
            hint="it holds the positions of generators: restore it from a backup",
        ) from error


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Replaces a manifest, durably.

    Raises:
        OSError: it cannot be written; the old one is in place unless the system failed.
    """
    positions = [_position_parts(key, each) for key, each in manifest.positions.items()]
    parts = {
        "epoch": manifest.epoch,
        "positions": positions,
        "publishing": dict(manifest.publishing),
    }
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(json.dumps(parts, separators=(",", ":")).encode())
        sync_file(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


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


def _position_parts(key: PositionKey, position: Position) -> list[Any]:
    cursor = position.cursor
    return [
        list(key),
        position.next,
        position.skipped,
        position.bytes,
        position.dropped,
        None if cursor is None else cursor.values,
    ]


def _read_position(parts: list[Any]) -> tuple[PositionKey, Position]:
    key, following, skipped, size, dropped, cursor = parts
    position = Position(following, skipped, size, dropped=dropped, cursor=read_cursor(cursor))
    return PositionKey(*key), position
