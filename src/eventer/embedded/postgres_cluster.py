"""Creates the cluster of the embedded PostgreSQL server: its files, role and database."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventer.core.errors import ConfigError
from eventer.embedded.postgres_binaries import Account
from eventer.embedded.server_launcher import DIRECTORY_PATH, launch_command

ROLE: Final = "eventer"
DATABASE: Final = "eventer"
ADDRESS: Final = "127.0.0.1"

_BUILTIN_LOCALE_SINCE: Final = 17
_ACCESS: Final = f"""\
host all {ROLE} {ADDRESS}/32 trust
host all all all reject
"""
_BOOTSTRAP: Final = f"""\
CREATE ROLE {ROLE} LOGIN CREATEDB;
ALTER ROLE {ROLE} SET search_path = public;
CREATE DATABASE {DATABASE} OWNER {ROLE};
"""


@dataclass(frozen=True, slots=True)
class ServerPrograms:
    """The directory of PostgreSQL's programs, and the account that runs them, if not this one."""

    directory: Path
    account: Account | None

    def command(self, cluster: Path, program: str, *arguments: str, mode: str = "") -> list[str]:
        """The command that runs a program on a cluster; `mode` is its first argument."""
        uid, gid = (-1, -1) if self.account is None else (self.account.uid, self.account.gid)
        # The account may not have access to the parents of the directory.
        path = str(cluster) if self.account is None else DIRECTORY_PATH
        first = [str(self.directory / program), *([mode] if mode else []), "-D", path]
        return launch_command([*first, *arguments], str(cluster), uid, gid)


def create_cluster(cluster: Path, programs: ServerPrograms, *, durable: bool) -> None:
    """Creates a cluster with the role and the database, atomically.

    Raises:
        ConfigError: a program failed.
    """
    incomplete = cluster.with_name("cluster.making")
    shutil.rmtree(incomplete, ignore_errors=True)
    incomplete.mkdir(mode=0o700)
    if programs.account is not None:
        os.chown(incomplete, programs.account.uid, programs.account.gid)
    _run(programs.command(incomplete, "initdb", *_initdb_arguments(programs)), incomplete, "")
    (incomplete / "pg_hba.conf").write_text(_ACCESS)
    single_user = programs.command(
        incomplete, "postgres", "-c", "fsync=off", "postgres", mode="--single"
    )
    _run(single_user, incomplete, _BOOTSTRAP)
    if durable:
        os.sync()
    incomplete.rename(cluster)


def _initdb_arguments(programs: ServerPrograms) -> list[str]:
    arguments = ["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "-A", "reject"]
    if _major_version(programs.directory / "postgres") >= _BUILTIN_LOCALE_SINCE:
        arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return arguments


def _major_version(program: Path) -> int:
    output = subprocess.run([program, "-V"], check=True, capture_output=True, text=True).stdout  # noqa: S603  a located program
    version = next(word for word in output.split() if word[:1].isdigit())
    return int(version.partition(".")[0])


def _run(command: list[str], cluster: Path, stdin_text: str) -> None:
    done = subprocess.run(command, input=stdin_text.encode(), capture_output=True, check=False)  # noqa: S603  a located program
    if done.returncode != 0 or b"ERROR:" in done.stderr:
        output = done.stderr.decode(errors="replace").strip()
        raise ConfigError(f"cannot create a PostgreSQL cluster in {cluster}: {output}")
