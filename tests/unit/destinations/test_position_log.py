"""Positions in a file beside the service."""

import os

import pytest

from eventer.core.errors import DestinationUnavailableError, FencedError
from eventer.core.model import Position, PositionKey
from eventer.destinations.position_log import PositionLog

KEY, OTHER = PositionKey(1, 2, 0), PositionKey(1, 3, 4)


@pytest.fixture(autouse=True)
def _no_power_failures(monkeypatch):
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _: None)


@pytest.fixture
def opened(tmp_path):
    logs = []

    def open_log(folder=tmp_path):
        log = PositionLog.of_shard(folder, 1, "http", 0)
        logs.append(log)
        log.open()
        return log

    yield open_log
    for log in logs:
        log.close()


def position(n):
    return Position(n, skipped=1, bytes=10 * n, dropped=2)


def test_the_next_owner_reads_all_positions(opened):
    log = opened()
    assert log.positions == {}
    log.commit({KEY: position(5), OTHER: position(7)})
    log.commit({KEY: position(6)})
    for _ in range(2):
        log = opened()
        assert log.positions == {KEY: position(6), OTHER: position(7)}


def test_an_incomplete_line_is_not_a_commit(opened, tmp_path):
    log = opened()
    log.commit({KEY: position(3)})
    log.commit({KEY: position(7)})
    (path,) = tmp_path.glob("*.positions")
    text = path.read_bytes()
    for size in range(text.rindex(b"\n", 0, -1) + 1, len(text)):
        path.write_bytes(text[:size])
        assert opened().positions == {KEY: position(3)}


def test_a_second_owner_fences_the_first(opened):
    first = opened()
    first.commit({KEY: position(3)})
    second = opened()
    for act in (first.check_owner, lambda: first.commit({KEY: position(4)})):
        with pytest.raises(FencedError):
            act()
    second.check_owner()
    assert second.positions == {KEY: position(3)}


def test_the_file_stays_small(opened, tmp_path, monkeypatch):
    monkeypatch.setattr("eventer.destinations.position_log._COMPACTION_BYTES", 200)
    log = opened()
    for n in range(100):
        log.commit({KEY: position(n)})
        log.check_owner()
    (path,) = tmp_path.glob("*.positions")
    assert path.stat().st_size < 400
    assert opened().positions == {KEY: position(99)}


def test_a_damaged_file_is_an_error_that_names_it(opened, tmp_path):
    opened().commit({KEY: position(1)})
    (path,) = tmp_path.glob("*.positions")
    path.write_bytes(b"[[1\n" + path.read_bytes())
    with pytest.raises(DestinationUnavailableError, match="is damaged"):
        opened()


def test_a_folder_that_cannot_be_written_is_an_error(opened, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DestinationUnavailableError, match="cannot write positions"):
        opened(tmp_path / "file")


def test_without_a_folder_positions_are_in_memory(opened):
    log = opened(None)
    log.commit({KEY: position(1)})
    log.check_owner()
    assert log.positions == {KEY: position(1)}
