"""The manifest of a shard: the positions of its generators, and the parts that it publishes.

A manifest is replaced as a whole, so a reader sees the old one or the new one. That is the commit
of events and positions. `publishing` names the parts of the last commit: a crash may leave some
where they were written, and the next owner moves them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from eventer.core.errors import DestinationUnavailableError
from eventer.core.model import Position, PositionKey
from eventer.destinations.durable_files import sync_file, sync_folder
from eventer.destinations.position_json import position_parts, read_position


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
        positions = dict(map(read_position, parts["positions"]))
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
    positions = [position_parts(key, each) for key, each in manifest.positions.items()]
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
