"""After `kill -9` at any point, no part is incomplete, lost or duplicated."""

import asyncio
import itertools
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from eventer.core.errors import UnknownOutcomeError
from eventer.core.model import Position, PositionKey
from eventer.destinations.file import shard_folder
from eventer.destinations.file.connection import FileConnection
from eventer.destinations.file.settings import FileSettings
from eventer.testing.destination_scenario import delivery_of, events
from tests.integration.destinations.file.delivering_process import KEY, deliver, flow_of
from tests.integration.destinations.file.harness import read_rows


class _Killed(BaseException):
    """Ends a delivery where a process would be killed."""


def stored(root: Path, file_format: str) -> list[dict]:
    """The events of all parts that readers see, in their order; every file must be whole."""
    paths = sorted((root / "t").rglob("*"), key=lambda path: path.name)
    return [row for path in paths if path.is_file() for row in read_rows(path)]


def check(root: Path, file_format: str, position: int) -> None:
    """The parts have exactly the events before the position."""
    assert stored(root, file_format) == events(0, position)


async def committed(root: Path) -> int:
    """The position that the next owner reads."""
    connection = FileConnection(FileSettings(root), name="file", cluster=1, shard=0)
    await connection.open()
    position = (await connection.positions([KEY])).get(KEY, Position())
    await connection.close()
    return position.next


STEPS = (
    ("sync_folder", 1, True),
    ("sync_folder", 1, False),
    ("write_manifest", 1, True),
    ("write_manifest", 1, False),
    ("sync_folder", 2, True),
    ("sync_folder", 2, False),
)
"""A function, the number of its call, and whether the process is killed before it."""
UNCOMMITTED = STEPS[:3]


@pytest.mark.parametrize("file_format", ["ndjson", "parquet"])
async def test_a_death_at_each_step_of_a_commit(tmp_path, monkeypatch, file_format):
    flow, total = flow_of(file_format), 0
    for step in STEPS:
        function, call, before = step
        connection = FileConnection(FileSettings(tmp_path), name="file", cluster=1, shard=0)
        await connection.open()
        at = (await connection.positions([KEY])).get(KEY, Position()).next
        await connection.deliver([delivery_of(flow, at, 5)])
        real, calls = getattr(shard_folder, function), itertools.count(1)

        def dying(*arguments, real=real, calls=calls, call=call, before=before):
            if next(calls) < call:
                real(*arguments)
                return
            if not before:
                real(*arguments)
            raise _Killed

        with monkeypatch.context() as patch:
            patch.setattr(shard_folder, function, dying)
            with pytest.raises(_Killed):
                await connection.deliver([delivery_of(flow, at + 5, 4, 3)])
        await connection.close()
        total = await committed(tmp_path)
        assert total == (at + 5 if step in UNCOMMITTED else at + 12)
        check(tmp_path, file_format, total)
    assert total > 0


async def test_names_of_parts_are_durable_before_the_manifest_and_after_a_move(
    tmp_path, monkeypatch
):
    """Else a power failure leaves a manifest that names parts that are not there."""
    connection = FileConnection(FileSettings(tmp_path), name="file", cluster=1, shard=0)
    await connection.open()
    steps: list[str] = []
    for function in ("write_manifest", "sync_folder"):
        real = getattr(shard_folder, function)

        def recorded(path, *arguments, real=real):
            steps.append(path.name)
            real(path, *arguments)

        monkeypatch.setattr(shard_folder, function, recorded)
    monkeypatch.setattr(Path, "replace", _dying_after(Path.replace))
    with pytest.raises(_Killed):
        await connection.deliver([delivery_of(flow_of("ndjson"), 0, 4)])
    assert steps == ["parts-1", "manifest.json"]
    steps.clear()
    monkeypatch.undo()
    monkeypatch.setattr(shard_folder, "sync_folder", lambda folder: steps.append(folder.name))
    assert await committed(tmp_path) == 4
    assert "dt=2023-11-14" in steps
    check(tmp_path, "ndjson", 4)


def _dying_after(real):
    def die(path, target):
        real(path, target)
        if path.name.isdecimal():
            raise _Killed

    return die


@pytest.mark.parametrize("blocked", ["t", "t/dt=2023-11-14"])
async def test_a_folder_that_cannot_be_made_blocks_its_generator_alone(tmp_path, blocked):
    connection = FileConnection(FileSettings(tmp_path), name="file", cluster=1, shard=0)
    await connection.open()
    first = flow_of("ndjson")
    second = replace(
        first, key=PositionKey(1, 2, 0), target=replace(first.target, path="u", partition_by=())
    )
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).touch()
    outcome = await connection.deliver([delivery_of(first, 0, 4), delivery_of(second, 0, 4)])
    assert "file in its place" in outcome.rejected[first.key].message
    assert set(outcome.committed) == {second.key}
    await connection.close()
    assert await committed(tmp_path) == 0
    assert [len(read_rows(path)) for path in (tmp_path / "u").iterdir()] == [4]


async def test_a_part_that_cannot_be_moved_is_moved_by_the_next_owner(tmp_path, monkeypatch):
    flow = flow_of("ndjson")
    connection = FileConnection(FileSettings(tmp_path), name="file", cluster=1, shard=0)
    await connection.open()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _failing(Path.replace))
        with pytest.raises(UnknownOutcomeError):
            await connection.deliver([delivery_of(flow, 0, 4)])
    assert not (tmp_path / "t").exists() or stored(tmp_path, "ndjson") == []
    assert await committed(tmp_path) == 4
    check(tmp_path, "ndjson", 4)


def _failing(real):
    def fail(path, target):
        if path.name.isdecimal():
            raise OSError(5, "Input/output error", str(path))
        return real(path, target)

    return fail


@contextmanager
def delivering(root: Path, file_format: str, size: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", deliver.__module__, str(root), file_format, str(size)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


async def kill_often(root: Path, file_format: str, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    total = 0
    for _ in range(kills):
        with delivering(root, file_format, rng.choice([3, 200, 2_000])) as process:
            assert int(process.stdout.readline()) == total
            for _ in range(rng.randint(1, 4)):
                process.stdout.readline()
            await asyncio.sleep(rng.random() * 0.05)
        total = await committed(root)
        check(root, file_format, total)
    shutil.rmtree(root / "t")
    assert total > 0


async def test_a_killed_process_leaves_whole_parts(tmp_path):
    await kill_often(tmp_path, "parquet", 2, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["ndjson", "csv", "parquet"])
async def test_many_killed_processes_leave_whole_parts(tmp_path, file_format):
    await kill_often(tmp_path, file_format, 40, seed=2)
