"""Inspector processes, which alone evaluate untrusted templates.

Each answers one request at a time, and is killed and replaced when it exceeds its time limit.
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from eventer.core.errors import BudgetError, BusyError, EventerError, WorkerLostError
from eventer.workers.fork_client import ForkClient
from eventer.workers.inspector_messages import (
    ExplainTemplate,
    InspectorAnswer,
    InspectorReply,
    InspectorRequest,
    InspectTemplate,
)
from eventer.workers.messages import WorkerConfig
from eventer.workers.supervisor import ProcessStatus, Supervisor
from eventer.workers.worker_process import WorkerProcess

MAX_WAITING: Final = 256
"""Requests that may wait; more are rejected."""
WALL_TIME_FACTOR: Final = 3
"""Wall time that a process may take, as a multiple of its CPU time."""
MAX_EXTENSIONS: Final = 5
"""How often that is granted if a busy machine did not give it its CPU time."""
_ATTEMPTS: Final = 3

_A = TypeVar("_A", bound=InspectorAnswer)


class InspectorPool:
    """A few inspector processes, and the requests that wait for one of them."""

    def __init__(self, count: int, config: WorkerConfig, fork_client: ForkClient) -> None:
        self._inspectors = [
            Supervisor(f"inspector-{number}", config, fork_client, restart_at_once=True)
            for number in range(count)
        ]
        self._free: asyncio.Queue[Supervisor] = asyncio.Queue()
        self._waiting = 0

    def start(self) -> None:
        """Starts the processes, without waiting for them."""
        for inspector in self._inspectors:
            inspector.start()
            self._free.put_nowait(inspector)

    async def stop(self) -> None:
        """Kills the processes: they have no work to save."""
        await asyncio.gather(*(inspector.stop() for inspector in self._inspectors))

    def processes(self) -> list[ProcessStatus]:
        """Each of its processes."""
        return [each.status for each in self._inspectors]

    async def ask(self, request: InspectorRequest, kind: type[_A], seconds: float) -> _A:
        """The answer to a request, which is of this kind, within `seconds` of CPU time.

        Raises:
            TemplateError: the template is invalid, or exceeded its time limit.
            RequestError: the events are too large for one answer.
            BusyError: too many requests are waiting.
            WorkerLostError: no process answered.
        """
        if self._waiting >= MAX_WAITING:
            raise BusyError(
                "too many templates are waiting to be inspected", hint="try again later"
            )
        self._waiting += 1
        try:
            inspector = await self._free.get()
        finally:
            self._waiting -= 1
        try:
            answer = await _ask_process(inspector, request, seconds)
        finally:
            self._free.put_nowait(inspector)
        if isinstance(answer, EventerError):
            raise answer
        assert isinstance(answer, kind)
        return answer


async def _ask_process(
    inspector: Supervisor, request: InspectorRequest, seconds: float
) -> InspectorAnswer | EventerError:
    """The answer of an inspector, or an error in its place; a lost process is replaced."""
    error_if_lost: EventerError = BudgetError(
        "the process that evaluated this template crashed",
        hint="the template may exceed the memory limit of a worker",
    )
    for _ in range(_ATTEMPTS):
        try:
            process = await inspector.process()
        except WorkerLostError as error:
            error_if_lost = error
            continue
        try:
            return await _ask_within_limit(process, request, seconds)
        except TimeoutError:
            await inspector.replace(process)
            return _time_limit_error(request, seconds)
        except EOFError:
            await inspector.replace(process)
        except asyncio.CancelledError:
            await inspector.replace(process)
            raise
    return error_if_lost


async def _ask_within_limit(
    process: WorkerProcess, request: InspectorRequest, seconds: float
) -> InspectorAnswer | EventerError:
    """The answer of the process.

    Raises:
        TimeoutError: the process used its CPU time, or the longest wall time.
        EOFError: the process died.
    """
    began = process.cpu_seconds()
    exchange = asyncio.create_task(_exchange(process, request))
    try:
        for _ in range(MAX_EXTENSIONS):
            done, _ = await asyncio.wait({exchange}, timeout=seconds * WALL_TIME_FACTOR)
            if done:
                return exchange.result()
            spent = process.cpu_seconds() - began
            if not spent < seconds:  # also if it is not known
                break
        raise TimeoutError
    finally:
        exchange.cancel()


async def _exchange(
    process: WorkerProcess, request: InspectorRequest
) -> InspectorAnswer | EventerError:
    process.channel.send(request)
    reply = await process.channel.receive()
    assert isinstance(reply, InspectorReply)
    return reply.answer


def _time_limit_error(request: InspectorRequest, seconds: float) -> BudgetError:
    what = {InspectTemplate: "its first events", ExplainTemplate: "its plan"}.get(
        type(request), "these events"
    )
    return BudgetError(
        f"the template took more than {seconds:g} s of CPU time for {what}",
        hint="look for an endless loop or a very large value",
    )
