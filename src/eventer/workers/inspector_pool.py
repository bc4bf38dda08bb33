"""Inspector processes, which alone evaluate untrusted templates.

Each answers one request at a time. One that exceeds its CPU time ends, and is replaced.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Final, TypeVar

from eventer.core.errors import BudgetError, BusyError, EventerError, WorkerLostError
from eventer.workers.fork_client import ForkClient
from eventer.workers.inspector_messages import (
    CpuLimit,
    ExplainTemplate,
    InspectorAnswer,
    InspectorReply,
    InspectorRequest,
    InspectTemplate,
    LimitedRequest,
)
from eventer.workers.messages import WorkerConfig
from eventer.workers.processor_wait import ProcessorWait
from eventer.workers.stall_timer import StallTimer
from eventer.workers.supervisor import ProcessStatus, Supervisor
from eventer.workers.worker_process import WorkerProcess

MAX_WAITING: Final = 256
"""Requests that may wait; more are rejected."""
WALL_TIME_FACTOR: Final = 15
"""Wall time that a process may take, as a multiple of its CPU time."""
_POLL_S: Final = 1.0
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

    async def ask(self, request: InspectorRequest, kind: type[_A], limit: CpuLimit) -> _A:
        """The answer to a request, which is of this kind.

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
            answer = await _ask_process(inspector, LimitedRequest(request, limit))
        finally:
            self._free.put_nowait(inspector)
        if isinstance(answer, EventerError):
            raise answer
        assert isinstance(answer, kind)
        return answer


async def _ask_process(
    inspector: Supervisor, limited: LimitedRequest
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
            return await _answer_in_time(process, limited)
        except TimeoutError:
            await inspector.replace(process)
            return _time_limit_error(limited)
        except EOFError:
            await inspector.replace(process)
            if process.exit_code == -signal.SIGPROF:
                return _time_limit_error(limited)
        except asyncio.CancelledError:
            await inspector.replace(process)
            raise
    return error_if_lost


async def _answer_in_time(
    process: WorkerProcess, limited: LimitedRequest
) -> InspectorAnswer | EventerError:
    """The answer. Time does not count while the process waits for a processor, or loads code.

    Raises:
        TimeoutError: there is no answer in time.
    """
    timer, processor_wait = StallTimer(), ProcessorWait(process.pid)
    seconds = (limited.limit.first + limited.limit.rest) * WALL_TIME_FACTOR
    answer = asyncio.create_task(_exchange(process, limited))
    try:
        while not (await asyncio.wait({answer}, timeout=min(_POLL_S, seconds)))[0]:
            counted = 0.0 if process.is_loading else min(_POLL_S, seconds)
            timer.pass_time(counted, processor_wait.advance(), None)
            if timer.silent >= seconds:
                raise TimeoutError
        return answer.result()
    finally:
        answer.cancel()


async def _exchange(
    process: WorkerProcess, request: LimitedRequest
) -> InspectorAnswer | EventerError:
    process.channel.send(request)
    reply = await process.channel.receive()
    assert isinstance(reply, InspectorReply)
    return reply.answer


def _time_limit_error(limited: LimitedRequest) -> BudgetError:
    limit = limited.limit
    match limited.request:
        case InspectTemplate():
            what = f"{limit.first:g} s of CPU time for its first events"
        case ExplainTemplate():
            what = f"{limit.first:g} s of CPU time for its plan"
        case _:
            what = f"{limit.first:g} s of CPU time for an event, or {limit.rest:g} s for the others"
    return BudgetError(
        f"the template took more than {what}", hint="look for an endless loop or a very large value"
    )
