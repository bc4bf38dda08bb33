"""Backups of a data directory: the registry and the row files of its generators, in a tar file.

Positions are in the destinations; the registry has copies of them, to detect that a destination
lost events.
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventer.core.errors import ConfigError, RegistryError
from eventer.functions.row_files import content_digest
from eventer.registry.backup import check_registry, copy_registry, install_registry
from eventer.registry.sqlite import REGISTRY_FILE_NAME
from eventer.service.row_file_store import row_file_folder
from eventer.settings import Settings

_ROWS: Final = "rows/"


@dataclass(frozen=True, slots=True)
class BackupContents:
    """What a backup has."""

    generators: int
    row_files: int


def back_up(settings: Settings, file: Path) -> BackupContents:
    """Writes a backup, also while a service uses the data directory.

    Raises:
        ConfigError: the registry is not a file.
        RegistryError: there is no registry, or the backup cannot be written.
    """
    _require_file(settings)
    with _translate_errors(file), tempfile.TemporaryDirectory(dir=file.parent) as folder:
        copy, new = Path(folder, REGISTRY_FILE_NAME), Path(folder, "backup.tar")
        generators = copy_registry(settings.data_dir / REGISTRY_FILE_NAME, copy)
        new.touch(mode=0o600)
        with tarfile.open(new, "w") as archive:
            archive.add(copy, REGISTRY_FILE_NAME)
            # After the registry: so all files of its generators are among them.
            row_files = [*_row_files(row_file_folder(settings))]
            for each in row_files:
                archive.add(each, _ROWS + each.name)
        new.replace(file)
    return BackupContents(generators, len(row_files))


def restore(settings: Settings, file: Path) -> BackupContents:
    """Restores a backup into a data directory that has no registry.

    Raises:
        ConfigError: the registry is not a file.
        RegistryError: the file is not a backup, there is a registry, or a service uses the folder.
    """
    _require_file(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _translate_errors(file), tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        with tarfile.open(file) as archive:
            names = [*_extract(archive, Path(folder))]
        if REGISTRY_FILE_NAME not in names:
            raise RegistryError(f"{file} has no registry: it is not a backup of Eventer")
        generators = check_registry(Path(folder, REGISTRY_FILE_NAME))
        rows = row_file_folder(settings)
        rows.mkdir(mode=0o700, exist_ok=True)
        for each in names:
            if each != REGISTRY_FILE_NAME:
                Path(folder, each).replace(rows / each)
        install_registry(Path(folder, REGISTRY_FILE_NAME), settings.data_dir / REGISTRY_FILE_NAME)
    return BackupContents(generators, len(names) - 1)


def _require_file(settings: Settings) -> None:
    if settings.registry is not None:
        raise ConfigError(
            "the registry is in PostgreSQL",
            key="registry",
            hint="back up and restore its schema with pg_dump and pg_restore, "
            "--schema=eventer_registry",
        )


def _row_files(folder: Path) -> Iterator[Path]:
    """The complete copies of row files."""
    if folder.is_dir():
        yield from sorted(each for each in folder.iterdir() if each.is_file() and not each.suffix)


def _extract(archive: tarfile.TarFile, folder: Path) -> Iterator[str]:
    """Writes the registry and the intact row files into a folder; yields their names."""
    for member in archive:
        name = member.name.removeprefix(_ROWS)
        content = archive.extractfile(member) if member.isfile() else None
        if content is None or "/" in name or name in {".", ".."}:
            raise RegistryError(f"the backup has an unexpected entry {member.name!r}")
        target = folder / name
        target.touch(mode=0o600)
        with target.open("wb") as stream:
            shutil.copyfileobj(content, stream)
        if name != REGISTRY_FILE_NAME and content_digest(target.read_bytes()) != name:
            raise RegistryError(f"the row file {name} in the backup is damaged")
        yield name


@contextmanager
def _translate_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise RegistryError(f"{file} is not a backup of Eventer: {error}") from error
    except OSError as error:
        raise RegistryError(f"cannot read or write {file}: {error.strerror}") from error
