"""The CPU cost of an event for different numbers of generators: `python -m benchmarks.generators`.

One shard, as in a worker, runs the generators and writes to /dev/null. All use the contract's
template with different streams; their plans are compiled before the measurement. Use the same
number of events per generator in all runs, because the first batches of a generator are small.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from pathlib import Path

from benchmarks.turns import CONTRACT
from eventer.core.clock import SystemClock
from eventer.core.model import (
    ConsoleTarget,
    EventSource,
    GeneratorSpec,
    PositionKey,
    Stream,
    Template,
)
from eventer.destinations.console import ConsoleConnection
from eventer.plan.engine import Engine, EventContext
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.runner import ShardRunner
from eventer.runs.shard_messages import FlowFinished, PositionRead, ShardReport
from eventer.service.run_schedule import UnpacedTimetable

AT = 1_767_225_600_000_000_000


class GeneratorRun:
    """Runs `generators` generators of one template until each has delivered `events` events."""

    def __init__(
        self, prepared: PreparedTemplate, template: Template, generators: int, events: int
    ) -> None:
        self._events, self._remaining = events, generators
        self._engines: dict[EventSource, Engine] = {}
        self._flows = []
        for number in range(generators):
            event_source = EventSource(template, Stream(7, f"stream {number}"), EventContext())
            self._engines[event_source] = prepared.engine(event_source.stream, event_source.context)
            spec = GeneratorSpec(event_source, ConsoleTarget(), prepared.shape)
            self._flows.append(Assignment(PositionKey(1, number, 1), spec))
        self._generation_thread = GenerationThread(
            lambda assignment: self._engines[assignment.event_source]
        )

    async def run(self) -> float:
        """Runs all generators; returns the CPU time in seconds."""
        with Path(os.devnull).open("wb") as devnull:  # noqa: ASYNC230  /dev/null never blocks
            self._runner = ShardRunner(
                lambda: ConsoleConnection(devnull),
                self._generation_thread,
                self._on_report,
                SystemClock(),
            )
            for assignment in self._flows:
                self._runner.shard.assign(assignment)
            began = time.process_time()
            await self._runner.run()
            self._generation_thread.close()
            return time.process_time() - began

    def _on_report(self, report: ShardReport) -> None:
        if isinstance(report, PositionRead):
            self._runner.shard.resume(report.key, UnpacedTimetable(AT), self._events)
            self._runner.wake()
        elif isinstance(report, FlowFinished):
            self._remaining -= 1
            if not self._remaining:
                self._runner.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generators", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--events", type=int, default=200_000, help="events per generator")
    options = parser.parse_args()
    template = Template(CONTRACT.read_text("utf-8"))
    prepared = prepare(template)
    asyncio.run(GeneratorRun(prepared, template, 1, 100_000).run())  # warm-up: imports and compiles
    for number in options.generators:
        cpu_seconds = asyncio.run(GeneratorRun(prepared, template, number, options.events).run())
        cost = cpu_seconds / (options.events * number) * 1e9
        print(f"{number:>5} generators: {cost:6.0f} ns per event, {options.events:,} events each")


if __name__ == "__main__":
    main()
