"""Copies of a SQLite registry: made while a service uses it, checked before they are restored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from eventer.core.errors import RegistryError
from eventer.registry.sqlite import MIGRATIONS, locked_registry


def copy_registry(source: Path, copy: Path) -> int:
    """Copies a registry to a new file, also while a service writes to it. Returns its generators.

    The copy has the state of one instant, and is a single file.

    Raises:
        RegistryError: there is no registry, or it cannot be copied.
    """
    if not source.is_file():
        raise RegistryError(
            f"there is no registry at {source}", hint="set EVENTER_DATA_DIR, or use --data-dir"
        )
    copy.touch(mode=0o600)
    with (
        _translate_errors(source),
        closing(sqlite3.connect(source)) as original,
        closing(sqlite3.connect(copy)) as target,
    ):
        original.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    return check_registry(copy)


def check_registry(path: Path) -> int:
    """Checks that this version of Eventer can use a copy. Returns the number of its generators.

    Raises:
        RegistryError: the copy is damaged, or a newer version of Eventer made it.
    """
    with _translate_errors(path), closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise RegistryError(
                "a newer version of Eventer made this backup", hint="upgrade Eventer first"
            )
        if version == 0:
            raise RegistryError("the database in this backup is not a registry of Eventer")
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if result != "ok":
            raise RegistryError(f"the registry in this backup is damaged: {result}")
        (count,) = connection.execute("SELECT count(*) FROM generator").fetchone()
        return int(count)


def install_registry(copy: Path, path: Path) -> None:
    """Makes a checked copy in the same folder the registry.

    Raises:
        RegistryError: there is a registry already, or a service uses the folder.
    """
    with locked_registry(path):
        for existing in (path, path.with_name(f"{path.name}-wal")):
            if existing.exists():
                raise RegistryError(
                    f"{existing} exists already",
                    hint="move the data directory away first, or use another --data-dir",
                )
        copy.rename(path)


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise RegistryError(f"cannot read or copy the registry {path}: {error}") from error
