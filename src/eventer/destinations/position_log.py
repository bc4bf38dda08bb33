"""Positions of a shard whose destination cannot store them: in a file beside the service.

Events and positions do not commit together, so such a destination delivers at least once: after a
crash, events that were delivered but not yet noted here are delivered again.

Each commit appends a line to the file. The next owner replaces the file by one with a single line,
so an earlier owner finds that its file is no longer the one with this name: it is fenced. A line
without an end was not committed.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from eventer.core.errors import DestinationUnavailableError, FencedError, UnknownOutcomeError
from eventer.core.model import Position, PositionKey
from eventer.destinations.durable_files import sync_file, sync_folder
from eventer.destinations.position_json import position_parts, read_position

_COMPACTION_BYTES: Final = 4 << 20
"""When this many bytes have been appended, the file is replaced by one with a single line."""


class PositionLog:
    """One owner of a shard, and the positions that it commits. Without a path, in memory."""

    def __init__(self, path: Path | None) -> None:
        self.positions: dict[PositionKey, Position] = {}
        self._path = path
        self._descriptor: int | None = None
        self._appended = 0

    @classmethod
    def of_shard(
        cls, folder: Path | None, cluster: int, connection: str, shard: int
    ) -> PositionLog:
        """The log of a shard of a connection, in a folder that need not exist."""
        name = f"{cluster:016x}-{connection}-{shard}.positions"
        return cls(None if folder is None else folder / name)

    def open(self) -> None:
        """Reads the positions and fences every earlier owner.

        Raises:
            DestinationUnavailableError: the file cannot be read or written, or is damaged.
        """
        if (path := self._path) is None:
            return
        with _translated_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(path):
                self.positions = _read(path)
                self._replace(path)

    def check_owner(self) -> None:
        """Checks that no other owner has taken over.

        Raises:
            FencedError: another owner has.
        """
        if self._path is None or self._descriptor is None:
            return
        try:
            own = os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            own = False
        if not own:
            raise FencedError(f"another owner has taken over {self._path.name}")

    def commit(self, positions: Mapping[PositionKey, Position]) -> None:
        """Notes positions, durably.

        Raises:
            FencedError: another owner took over; nothing was committed.
            DestinationUnavailableError: nothing was committed.
            UnknownOutcomeError: the commit may have succeeded.
        """
        if self._path is not None and positions:
            with _translated_errors(self._path), _locked(self._path):
                self.check_owner()
                self._append(self._path, positions)
        self.positions |= positions

    def close(self) -> None:
        """Closes the file. Raises nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _append(self, path: Path, positions: Mapping[PositionKey, Position]) -> None:
        assert self._descriptor is not None
        line = _line(positions)
        try:
            _write(self._descriptor, line)
        except OSError as error:
            message = f"a commit to {path} was interrupted: {error.strerror or error}"
            raise UnknownOutcomeError(message) from error
        self._appended += len(line)
        if self._appended >= _COMPACTION_BYTES:
            self.positions |= positions
            self._replace(path)

    def _replace(self, path: Path) -> None:
        """Replaces the file by one with the present positions, and keeps it open."""
        new = path.with_name(f"{path.name}.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write(descriptor, _line(self.positions))
            new.replace(path)
            sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        self.close()
        self._descriptor, self._appended = descriptor, 0


def _line(positions: Mapping[PositionKey, Position]) -> bytes:
    parts = [position_parts(key, each) for key, each in positions.items()]
    return json.dumps(parts, separators=(",", ":")).encode() + b"\n"


def _write(descriptor: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(descriptor, left) :]
    sync_file(descriptor)


def _read(path: Path) -> dict[PositionKey, Position]:
    """The positions of a file; those of its last complete line about a generator."""
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    try:
        return dict(read_position(parts) for line in lines for parts in json.loads(line))
    except (TypeError, ValueError) as error:
        raise DestinationUnavailableError(
            f"{path} is damaged",
            hint="it holds the positions of generators: restore it from a backup",
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(f"{path.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Errors of the file system become `DestinationUnavailableError`."""
    try:
        yield
    except OSError as error:
        raise DestinationUnavailableError(
            f"cannot write positions to {path}: {error.strerror or error}",
            hint="check that Eventer may write to its folder, and its free space",
        ) from error
