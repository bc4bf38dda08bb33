"""`eventer registry backup` and `restore`: generators and their row files, while a service runs."""

import io
import sqlite3
import stat
import tarfile
from contextlib import closing

import pytest

from eventer.functions.row_files import content_digest
from eventer.registry.base import Add
from eventer.registry.sqlite import SqliteRegistry
from eventer.testing.registry_conformance import sample_record
from tests.acceptance.test_upgrade import STORED

ROWS = b"city\nOslo\n"


@pytest.fixture
def data(shell):
    folder = shell.folder / "data"
    (folder / "rows").mkdir(parents=True)
    (folder / "rows" / content_digest(ROWS)).write_bytes(ROWS)
    (folder / "rows" / "half.7.new").write_bytes(b"ci")
    return folder


async def test_a_backup_of_a_registry_in_use_is_restored(shell, data):
    async with await SqliteRegistry.open(data / "registry.sqlite", shards=3) as registry:
        await registry.apply([Add(sample_record(7))])
        done = shell.call("registry", "backup", "kept.tar")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert done.stderr == "kept.tar has 1 generators and 1 row files\n"
        expected, cluster = await registry.all(), registry.cluster
        await registry.apply([Add(sample_record(8))])
        again = shell.call("registry", "restore", "kept.tar")
        assert "is in use by another process" in again.stderr

    assert stat.S_IMODE((shell.folder / "kept.tar").stat().st_mode) == 0o600
    done = shell.call("registry", "restore", "kept.tar", "--data-dir", "new")
    assert done.stderr == "new has 1 generators and 1 row files\n"
    assert [each.name for each in (shell.folder / "new/rows").iterdir()] == [content_digest(ROWS)]
    async with await SqliteRegistry.open(shell.folder / "new/registry.sqlite") as restored:
        assert restored.cluster == cluster
        assert str(await restored.all()) == str(expected)  # errors are equal only to themselves


async def test_a_registry_of_an_earlier_version_is_backed_up_and_restored(shell, data):
    with closing(sqlite3.connect(data / "registry.sqlite")) as registry:
        registry.executescript((STORED / "registry.sql").read_text())
        ids = {row[0] for row in registry.execute("SELECT id FROM generator")}
    assert shell.call("registry", "backup", "kept.tar").returncode == 0
    again = shell.call("registry", "restore", "kept.tar")
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    assert shell.call("registry", "restore", "kept.tar", "--data-dir", "new").returncode == 0
    async with await SqliteRegistry.open(shell.folder / "new/registry.sqlite") as restored:
        assert {str(record.id) for record in await restored.all()} == ids


def test_a_wrong_backup_is_refused_and_nothing_is_restored(shell, data):
    registry = data / "registry.sqlite"
    with closing(sqlite3.connect(registry)) as connection:
        connection.executescript((STORED / "registry.sql").read_text())
    assert shell.call("registry", "backup", "kept.tar").returncode == 0
    with closing(sqlite3.connect(registry)) as connection:
        connection.execute("PRAGMA user_version = 99")
    intact = (shell.folder / "kept.tar").read_bytes()
    cases = {
        "is not a backup of Eventer": b"no tar file",
        "has no registry": archive({"rows/" + content_digest(ROWS): ROWS}),
        "is damaged": archive({"rows/abc": ROWS}),
        "unexpected entry": archive({"../registry.sqlite": b""}),
        "not a registry": archive({"registry.sqlite": b""}),
        "newer version": archive({"registry.sqlite": registry.read_bytes()}),
        "cannot read or copy": archive({"registry.sqlite": b"no database" * 99}),
    }
    for error, content in cases.items():
        (shell.folder / "wrong.tar").write_bytes(content)
        done = shell.call("registry", "restore", "wrong.tar", "--data-dir", "new")
        assert (done.returncode, error in done.stderr) == (1, True), (error, done.stderr)
        assert not (shell.folder / "new/registry.sqlite").exists()
    (shell.folder / "wrong.tar").write_bytes(intact)
    assert shell.call("registry", "restore", "wrong.tar", "--data-dir", "new").returncode == 0


def test_there_must_be_a_registry(shell):
    done = shell.call("registry", "backup", "kept.tar")
    assert done.returncode == 1
    assert "there is no registry at" in done.stderr
    assert not (shell.folder / "kept.tar").exists()
    done = shell.call("registry", "restore", "missing.tar")
    assert "No such file" in done.stderr


def archive(entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
