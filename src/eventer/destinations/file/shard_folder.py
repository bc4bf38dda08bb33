"""The folder of a shard: its lock, its manifest, and the parts that are being written.

It is `_eventer/<cluster>-<connection>-<shard>` below the root. A part is written and synchronised
in a folder of its owner, then the manifest is replaced, then the part is moved to its target. All
three are on one file system, so each is whole or absent. The lock is that of the operating system:
it ends with the process that holds it.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from eventer.core.errors import (
    DestinationError,
    DestinationUnavailableError,
    FencedError,
    UnknownOutcomeError,
)
from eventer.core.model import Position, PositionKey
from eventer.destinations.durable_files import sync_folder
from eventer.destinations.file.manifest import Manifest, read_manifest, write_manifest

CONTROL_FOLDER: Final = "_eventer"
MANIFEST: Final = "manifest.json"
_PARTS: Final = "parts"


class ShardFolder:
    """One owner of a shard. Every method may raise a `DestinationError`."""

    def __init__(self, root: Path, cluster: int, connection: str, shard: int) -> None:
        self._root = root
        self._path = root / CONTROL_FOLDER / f"{cluster:016x}-{connection}-{shard}"
        self._manifest = Manifest()

    @property
    def positions(self) -> Mapping[PositionKey, Position]:
        """The committed positions."""
        return self._manifest.positions

    def open(self) -> None:
        """Fences every earlier owner, and completes its last commit."""
        with translate_errors(self._root):
            self._path.mkdir(parents=True, exist_ok=True)
            with locked(self._path):
                found = read_manifest(self._path / MANIFEST) or Manifest()
                self._publish(found)
                self._manifest = replace(found, epoch=found.epoch + 1, publishing={})
                write_manifest(self._path / MANIFEST, self._manifest)
                self._remove_unfinished()
                (self._path / self._parts).mkdir()
                for folder in _with_parents([self._path], self._root):
                    sync_folder(folder)

    @property
    def _parts(self) -> str:
        return f"{_PARTS}-{self._manifest.epoch}"

    def _remove_unfinished(self) -> None:
        """Removes the parts that earlier owners did not commit."""
        for left in self._path.glob(f"{_PARTS}-*"):
            shutil.rmtree(left, ignore_errors=True)

    def unfinished_part(self, number: int) -> tuple[str, Path]:
        """Name and path of a part that is to be written and then committed."""
        name = f"{self._parts}/{number}"
        return name, self._path / name

    def commit(self, positions: Mapping[PositionKey, Position], parts: Mapping[str, str]) -> None:
        """Commits positions and finished parts, given with their paths below the root.

        Raises:
            FencedError: another owner took over; nothing was committed.
            DestinationUnavailableError: nothing was committed.
            UnknownOutcomeError: the commit may have succeeded.
        """
        with translate_errors(self._root), locked(self._path):
            self.check_owner()
            manifest = self._manifest.next_commit(positions, parts)
            if parts:
                sync_folder(self._path / self._parts)
            try:
                write_manifest(self._path / MANIFEST, manifest)
                self._publish(manifest)
            except OSError as error:
                message = f"a commit below {self._root} was interrupted: {error.strerror}"
                raise UnknownOutcomeError(message) from error
            self._manifest = manifest

    def check_owner(self) -> None:
        """Checks that no other owner has taken over.

        Raises:
            FencedError: another owner has.
            DestinationUnavailableError: the manifest is missing.
        """
        found = read_manifest(self._path / MANIFEST)
        if found is None:
            raise DestinationUnavailableError(
                f"{self._path / MANIFEST} was removed",
                hint="it holds the positions of the generators: restore it",
            )
        if found.epoch != self._manifest.epoch:
            raise FencedError(f"another owner has taken over {self._path.name}")

    def _publish(self, manifest: Manifest) -> None:
        """Moves the parts of a commit that are not yet in their targets, durably."""
        folders = set[Path]()
        for name, target in manifest.publishing.items():
            part, path = self._path / name, self._root / target
            if part.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                part.replace(path)
            if path.parent.exists():  # a part may have been moved before a crash
                folders.add(path.parent)
        for folder in _with_parents(folders, self._root):
            sync_folder(folder)


def _with_parents(folders: Collection[Path], root: Path) -> set[Path]:
    """The folders and those above them, up to the root."""
    above = (each for folder in folders for each in (folder, *folder.parents))
    return {each for each in above if each.is_relative_to(root)}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds the lock of a shard: manifest and published parts stay as they are."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def committed_state(root: Path, cluster: int) -> Iterator[Mapping[PositionKey, Position]]:
    """The positions of all shards of a cluster, which commit nothing meanwhile."""
    positions: dict[PositionKey, Position] = {}
    with translate_errors(root), ExitStack() as locks:
        for folder in sorted((root / CONTROL_FOLDER).glob(f"{cluster:016x}-*")):
            locks.enter_context(locked(folder))
            if found := read_manifest(folder / MANIFEST):
                positions |= found.positions
        yield positions


@contextmanager
def translate_errors(root: Path) -> Iterator[None]:
    """Errors of the file system become `DestinationUnavailableError`."""
    try:
        yield
    except DestinationError:
        raise
    except OSError as error:
        message = f"cannot write files below {root}: {error.strerror or error}"
        if error.filename is not None:
            message += f" ({error.filename})"
        hint = "check that the folder exists, that Eventer may write to it, and its free space"
        raise DestinationUnavailableError(message, hint=hint) from error
