"""Events into files through the connection alone, per second of CPU time.

    python -m benchmarks.file_run [--rounds 5] [--commits 3]

Eventer takes prepared batches of the contract's template, encodes them and commits parts with
positions. The limit is pyarrow, which writes the same columns (or the same lines) to a file: it has
typed columns already. Both sides run in turns, on one thread of Arrow.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.turns import CONTRACT, Turn, pairs, report, report_target
from eventer.core.batch import Batch
from eventer.core.model import FileFormat, FileTarget, PositionKey, Stream, Template
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.file.connection import FileConnection
from eventer.destinations.file.event_tables import concatenate
from eventer.destinations.file.formats import part_format
from eventer.destinations.file.settings import FileSettings
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare

ROWS = 10_000
BATCHES = 12
"""Batches of a commit: about the events that fit into the default `roll_bytes`."""
AT = 1_767_225_600_000_000_000
PARQUET_TARGET = 2_000_000.0


class Source:
    """Generates the batches of commits outside of the measurement."""

    def __init__(self) -> None:
        self._prepared = prepare(Template(CONTRACT.read_text("utf-8")))
        self._engine = self._prepared.engine(Stream(7), EventContext())
        self.shape = self._prepared.shape
        self._next = 0

    def commit(self) -> tuple[Batch, ...]:
        """The batches of the next commit."""
        return tuple(self._batches())

    def _batches(self) -> Iterator[Batch]:
        end = self._next + BATCHES * ROWS
        while self._next < end:
            count = min(ROWS, end - self._next)
            batch = self._engine.generate(self._next, np.full(count, AT, np.int64))
            self._next = batch.next
            yield batch


def eventer(root: Path, file_format: FileFormat, commits: int) -> Turn:
    """Delivers commits to a new folder."""

    async def deliver() -> float:
        source = Source()
        flow = Flow(PositionKey(1, 1, 0), FileTarget("t", format=file_format), source.shape)
        with tempfile.TemporaryDirectory(dir=root) as folder:
            settings = FileSettings(Path(folder))
            connection = FileConnection(settings, name="file", cluster=1, shard=0)
            await connection.open()
            spent = 0.0
            for _ in range(commits):
                batches = source.commit()
                began = time.process_time()
                outcome = await connection.deliver([Delivery(flow, batches)])
                spent += time.process_time() - began
                assert flow.key in outcome.committed
            await connection.close()
        return commits * BATCHES * ROWS / spent

    return lambda: asyncio.run(deliver())


def bare(root: Path, file_format: FileFormat, commits: int) -> Turn:
    """Writes tables that are ready."""

    def write() -> float:
        source, form, spent = Source(), part_format(file_format), 0.0
        with tempfile.TemporaryDirectory(dir=root) as folder:
            for number in range(commits):
                tables = [form.encode(batch, source.shape) for batch in source.commit()]
                table = concatenate(tables)
                began = time.process_time()
                with (Path(folder) / str(number)).open("wb") as file:
                    form.write(table, file)
                spent += time.process_time() - began
        return commits * BATCHES * ROWS / spent

    return write


def main() -> None:
    """Prints a line per format, and Parquet beside its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--commits", type=int, default=3)
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file_format in ("parquet", "csv", "ndjson"):
            sides = (
                eventer(root, file_format, arguments.commits),
                bare(root, file_format, arguments.commits),
            )
            for side in sides:
                side()
            rates = list(pairs(*sides, arguments.rounds))
            report(f"files, {file_format}, connection alone", rates)
            if file_format == "parquet":
                report_target("files, parquet, target", [each for each, _ in rates], PARQUET_TARGET)


if __name__ == "__main__":
    main()
