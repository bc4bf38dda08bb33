"""The copies of files of rows that generators read: `rows` in the data directory, by digest.

So a restart, a worker and an audit use the same bytes, whatever happens to the library folder.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from threading import Lock
from typing import Final

from eventer.core.errors import RegistryError, TemplateError
from eventer.functions.row_files import content_digest
from eventer.jsonnet.importer import MAX_ROW_FILE_BYTES, FolderImporter
from eventer.settings import Settings

_FOLDER: Final = "rows"


def row_file_folder(settings: Settings) -> Path:
    """The folder of the copies."""
    return settings.data_dir / _FOLDER


class RowFileStore:
    """Keeps copies, and removes those that no generator uses."""

    def __init__(self, settings: Settings) -> None:
        self._folder = row_file_folder(settings)
        self._library = settings.library
        self._lock = Lock()

    def keep(self, path: str, digest: str) -> None:
        """Copies a library file, unless there is an intact copy; it is on disk when this returns.

        Raises:
            TemplateError: the file is no longer the one with this digest.
            RegistryError: it cannot be copied.
        """
        with self._lock:
            if not _is_intact(self._folder / digest):
                self._copy(path, digest)

    def content(self, digest: str) -> bytes:
        """The content of a copy that was kept."""
        return (self._folder / digest).read_bytes()

    def missing(self, digests: Collection[str]) -> list[str]:
        """Those of which there is no intact copy."""
        return [each for each in digests if not _is_intact(self._folder / each)]

    def restore(self, digest: str, content: bytes) -> None:
        """Writes a copy that another service kept.

        Raises:
            RegistryError: it cannot be written.
        """
        with self._lock:
            self._write_copy(digest, digest, content)

    def _copy(self, path: str, digest: str) -> None:
        data = self._read(path)
        if data is None or content_digest(data) != digest:
            raise TemplateError(f"{path!r} changed while the generator was added", hint="try again")
        self._write_copy(path, digest, data)

    def _write_copy(self, path: str, digest: str, data: bytes) -> None:
        try:
            self._write(self._folder / digest, data)
        except OSError as error:
            raise RegistryError(
                f"{path!r} cannot be copied to {self._folder}: {error.strerror}",
                hint="make room in the data directory, and make it writable",
            ) from error

    def remove_others(self, used: Collection[str]) -> None:
        """Removes the copies, and incomplete ones, that have none of these digests.

        What cannot be removed, as a folder that someone made there, stays.
        """
        if self._folder.is_dir():
            for each in self._folder.iterdir():
                if each.name not in used:
                    with suppress(OSError):
                        each.unlink()

    def _read(self, path: str) -> bytes | None:
        if self._library is None:
            return None
        try:
            return FolderImporter(self._library).read(path, MAX_ROW_FILE_BYTES)
        except TemplateError:
            return None

    def _write(self, copy: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = copy.with_suffix(f".{os.getpid()}.new")
        with new.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(copy)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _is_intact(copy: Path) -> bool:
    """Whether a copy has the content that its name says."""
    try:
        with copy.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
            return content_digest(data) == copy.name
    except (OSError, ValueError):  # ValueError: it is empty
        return False
