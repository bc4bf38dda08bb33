"""Importers: imported files come from the library folder, or are stored with the template.

A *library path* is relative to the library, with `/` between its parts and no `.` or `..` in it.
`import 'x'` in the library file `a/b` means `a/x` if there is one, else `x`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from eventer.core.errors import TemplateStaticError

MAX_FILE_BYTES: Final = 1 << 20
"""The largest file that can be imported."""
MAX_ROW_FILE_BYTES: Final = 256 << 20
"""The largest file of rows."""

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Importer(Protocol):
    """Reads library files."""

    def read(self, path: str, most: int = MAX_FILE_BYTES) -> bytes | None:
        """The file at a library path, of at most `most` bytes; None if it does not exist.

        Raises:
            TemplateStaticError: the file cannot be read. Without a place.
        """


class NoLibrary:
    """An importer for services without a library folder."""

    def read(self, path: str, most: int = MAX_FILE_BYTES) -> bytes | None:
        """Refuses every path."""
        verb = "imported" if most == MAX_FILE_BYTES else "read"
        raise TemplateStaticError(
            f"{path!r} cannot be {verb}: there is no library folder",
            hint="set EVENTER_LIBRARY to the folder that holds it",
        )


class StoredImporter:
    """The library files stored with a template."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)

    def read(self, path: str, most: int = MAX_FILE_BYTES) -> bytes | None:
        """The stored file, whose size was checked."""
        del most
        return self._files.get(path)


class FolderImporter:
    """Files below a folder; symbolic links must not lead out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, path: str, most: int = MAX_FILE_BYTES) -> bytes | None:
        """The file below the folder, read anew at every call.

        Raises:
            TemplateStaticError: a link leads out of the folder, the file is not regular or too
                large, or the system refuses to read it.
        """
        try:
            return self._read(path, most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "a loop of links"
            raise TemplateStaticError(f"{path!r} cannot be read: {reason}") from error

    def _read(self, path: str, most: int) -> bytes:
        file = (self._folder / path).resolve(strict=True)
        if not file.is_relative_to(self._folder):
            raise TemplateStaticError(f"{path!r} is outside the library folder")
        if not file.is_file():
            raise TemplateStaticError(f"{path!r} in the library is not a file")
        with file.open("rb") as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise TemplateStaticError(f"{path!r} is larger than {most:,} bytes")
        return data


_MISSING: Final = "correct the path, or add the file to the library folder"


def find_import(
    importer: Importer, written: str, importing: str | None, most: int = MAX_FILE_BYTES
) -> tuple[str, bytes]:
    """The library path that an import means, and the file there.

    Args:
        importer: Reads the files.
        written: The path in the import.
        importing: The library path of the file with the import; None for the template itself.
        most: The most bytes of the file.

    Raises:
        TemplateStaticError: the path is invalid, or the file does not exist. Without a place.
    """
    candidates = _candidates(written, importing)
    for path in candidates:
        data = importer.read(path, most)
        if data is not None:
            return path, data
    looked = " or ".join(repr(path) for path in candidates)
    raise TemplateStaticError(f"the library has no file {looked}", hint=_MISSING)


def _candidates(written: str, importing: str | None) -> list[str]:
    _refuse_foreign(written)
    folder = posixpath.dirname(importing) if importing else ""
    paths = [posixpath.normpath(posixpath.join(folder, written)), posixpath.normpath(written)]
    inside = [path for path in dict.fromkeys(paths) if not _escapes(path)]
    if not inside:
        raise TemplateStaticError(
            f"{written!r} is outside the library folder", hint="write a path below that folder"
        )
    return inside


def _refuse_foreign(written: str) -> None:
    if _URL.match(written):
        raise TemplateStaticError(
            f"{written!r} is not a library path: only library files can be imported",
            hint="put the file into the library folder",
        )
    if written.startswith("/") or "\\" in written:
        raise TemplateStaticError(
            f"{written!r} is not a library path",
            hint="paths are relative to the importing file or the library, with `/`",
        )
    if not written.strip() or "\0" in written or written.endswith("/"):
        raise TemplateStaticError(f"{written!r} does not name a file")


def _escapes(path: str) -> bool:
    return path in (".", "..") or path.startswith("../")
