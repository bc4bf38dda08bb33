"""What an event costs where many generators make them: `python -m benchmarks.generators`.

One shard, as in a worker, has so many generators of the contract's template, each with a stream of
its own, and writes to /dev/null. Their plans are compiled beforehand. To compare numbers of them,
let each make as many events: a generator's first batches, which are small ones, are part of it.
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


class Generators:
    """So many generators of one template, of so many events each, from start to end."""

    def __init__(
        self, prepared: PreparedTemplate, template: Template, generators: int, events: int
    ) -> None:
        self._events, self._left = events, generators
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
        """Seconds of processor time."""
        with Path(os.devnull).open("wb") as nowhere:  # noqa: ASYNC230  it never waits
            self._runner = ShardRunner(
                lambda: ConsoleConnection(nowhere),
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
            self._left -= 1
            if not self._left:
                self._runner.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generators", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--events", type=int, default=200_000, help="of each of them")
    chosen = parser.parse_args()
    template = Template(CONTRACT.read_text("utf-8"))
    prepared = prepare(template)
    asyncio.run(Generators(prepared, template, 1, 100_000).run())  # loads what is to be loaded
    for number in chosen.generators:
        spent = asyncio.run(Generators(prepared, template, number, chosen.events).run())
        cost = spent / (chosen.events * number) * 1e9
        print(f"{number:>5} generators: {cost:6.0f} ns an event, {chosen.events:,} events each")


if __name__ == "__main__":
    main()
