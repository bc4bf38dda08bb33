"""What a folder holds at one moment: the parts of generators, and other files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventer.core.model import Position, PositionKey
from eventer.destinations.file.part_name import PartName, parse_part_name
from eventer.destinations.file.shard_folder import committed_state


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part of a generator."""

    name: PartName
    path: Path

    @property
    def span(self) -> tuple[int, int]:
        """The indices [first, end) of its events."""
        return self.name.first, self.name.end


@dataclass(frozen=True, slots=True)
class TargetSnapshot:
    """The parts and files of a folder, and the positions that were committed with them."""

    positions: Mapping[PositionKey, Position]
    parts: tuple[StoredPart, ...]
    others: tuple[Path, ...]

    def parts_of(self, key: PositionKey) -> list[StoredPart]:
        """The parts of a generator, in the order of their events."""
        own = [part for part in self.parts if part.name.key == key]
        return sorted(own, key=lambda part: (part.name.first, part.path))


def take_snapshot(root: Path, folder: Path, cluster: int, extension: str) -> TargetSnapshot:
    """Lists the files with the extension in a folder and the partition folders in it.

    Raises:
        DestinationUnavailableError: the folder cannot be read.
    """
    with committed_state(root, cluster) as positions:
        paths = sorted(_visible(folder, extension))
        committed = dict(positions)
    named = [(path, parse_part_name(path.name)) for path in paths]
    parts = tuple(StoredPart(name, path) for path, name in named if name is not None)
    return TargetSnapshot(committed, parts, tuple(path for path, name in named if name is None))


def _visible(folder: Path, extension: str) -> Sequence[Path]:
    """Readers of data sets ignore names that begin with `_` or `.`, and so does an audit."""
    return [
        path
        for path in folder.rglob(f"*.{extension}")
        if path.is_file()
        and not any(each.startswith(("_", ".")) for each in path.relative_to(folder).parts)
    ]
