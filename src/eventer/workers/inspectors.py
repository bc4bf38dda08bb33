"""Inspector processes: they alone read templates that nobody has vouched for yet.

Each answers one question at a time, and is killed and replaced when it overruns its time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, TypeVar

from eventer.core.errors import BudgetError, BusyError, EventerError, WorkerLostError
from eventer.plan.explain_template import Explained
from eventer.workers.local import LocalProcess
from eventer.workers.messages import (
    Answer,
    Configure,
    Explain,
    Inspect,
    Inspection,
    Question,
    Recompute,
    Recomputed,
    Reply,
    Show,
    Shown,
)

QUEUE: Final = 256
"""Questions that may wait; more are refused."""
PATIENCE: Final = 3
"""Times its processor time that a process may take by the clock."""
ROUNDS: Final = 5
"""How often that is granted where the machine was too busy to give it its processor time."""
_ATTEMPTS: Final = 3
_RETRY_S: Final = 0.5

_log = logging.getLogger(__name__)
_A = TypeVar("_A", bound=Answer)


class Inspectors:
    """A few inspector processes, and the questions that wait for one of them."""

    def __init__(self, count: int, configure: Configure) -> None:
        self._slots = [_Slot(f"inspector-{number}", configure) for number in range(count)]
        self._free: asyncio.Queue[_Slot] = asyncio.Queue()
        self._waiting = 0

    def start(self) -> None:
        """Starts the processes, without waiting for them."""
        for slot in self._slots:
            slot.begin()
            self._free.put_nowait(slot)

    async def stop(self) -> None:
        """Ends the processes now: they have nothing to lose."""
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    def processes(self) -> Sequence[tuple[str, int | None, int]]:
        """Name, process id and number of restarts of each."""
        return [(slot.name, slot.pid, slot.restarts) for slot in self._slots]

    async def inspect(self, question: Inspect, seconds: float) -> Inspection:
        """What is known of a template.

        Raises:
            TemplateError: it does not hold, or overran its time.
            DestinationRejectedError: it cannot go into its target.
            WorkerLostError: no process answered.
        """
        return await self._ask(question, seconds, Inspection)

    async def show(self, question: Show, seconds: float) -> Shown:
        """Events of a template.

        Raises:
            TemplateError: as `inspect`.
            WorkerLostError: no process answered.
        """
        return await self._ask(question, seconds, Shown)

    async def explain(self, question: Explain, seconds: float) -> Explained:
        """How a template's events are made.

        Raises:
            TemplateError: as `inspect`.
            WorkerLostError: no process answered.
        """
        return await self._ask(question, seconds, Explained)

    async def recompute(self, question: Recompute, seconds: float) -> Recomputed:
        """Events of a generator.

        Raises:
            TemplateError: as `inspect`.
            WorkerLostError: no process answered.
        """
        return await self._ask(question, seconds, Recomputed)

    async def _ask(self, question: Question, seconds: float, kind: type[_A]) -> _A:
        if self._waiting >= QUEUE:
            raise BusyError("too many templates wait to be inspected", hint="try again later")
        self._waiting += 1
        try:
            slot = await self._free.get()
        finally:
            self._waiting -= 1
        try:
            answer = await slot.ask(question, seconds)
        finally:
            self._free.put_nowait(slot)
        if isinstance(answer, EventerError):
            raise answer
        assert isinstance(answer, kind)
        return answer


class _Slot:
    """A place for one process, which is replaced when it dies."""

    def __init__(self, name: str, configure: Configure) -> None:
        self.name = name
        self.restarts = 0
        self._configure = configure
        self._starting: asyncio.Task[LocalProcess] | None = None
        self._minder: asyncio.Task[None] | None = None

    @property
    def _current(self) -> LocalProcess | None:
        """The process, where one is up."""
        task = self._starting
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    @property
    def pid(self) -> int | None:
        """The process's id, where one is up."""
        process = self._current
        return None if process is None else process.pid

    def begin(self) -> None:
        """Starts a process, without waiting for it."""
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> LocalProcess:
        process = await LocalProcess.start(self._configure)
        await process.ready()
        self._minder = asyncio.create_task(self._mind(process))
        return process

    async def _mind(self, process: LocalProcess) -> None:
        """Replaces a process that dies, whether or not it is asked something."""
        await process.wait()
        await self._replace(process)

    async def stop(self) -> None:
        """Ends the process now."""
        task, self._starting = self._starting, None
        if self._minder is not None:
            self._minder.cancel()
        if task is None:
            return
        task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(result, LocalProcess):
            await result.kill()

    async def ask(self, question: Question, seconds: float) -> Answer | EventerError:
        """What the process answers, or an error in its place."""
        lost: EventerError = BudgetError(
            "the process that evaluated this template died of it",
            hint="it may take more memory than a worker is allowed",
        )
        for _ in range(_ATTEMPTS):
            try:
                process = await self._process()
            except WorkerLostError as error:
                lost = error
                continue
            try:
                return await _patiently(process, question, seconds)
            except TimeoutError:
                await self._replace(process)
                return _overrun(question, seconds)
            except EOFError:
                await self._replace(process)
            except asyncio.CancelledError:
                await self._replace(process)
                raise
        return lost

    async def _process(self) -> LocalProcess:
        if self._starting is None:
            raise WorkerLostError("the service is stopping")
        try:
            return await asyncio.shield(self._starting)
        except WorkerLostError:
            await asyncio.sleep(_RETRY_S)
            self.begin()
            raise

    async def _replace(self, process: LocalProcess) -> None:
        if self._current is process:
            self.restarts += 1
            self.begin()
        await process.kill()


async def _patiently(
    process: LocalProcess, question: Question, seconds: float
) -> Answer | EventerError:
    """What the process answers, if it does within its time.

    Raises:
        TimeoutError: it had its processor time, or all the patience there is.
        EOFError: it died.
    """
    began = process.processor_seconds()
    exchange = asyncio.create_task(_exchange(process, question))
    try:
        for _ in range(ROUNDS):
            done, _ = await asyncio.wait({exchange}, timeout=seconds * PATIENCE)
            if done:
                return exchange.result()
            spent = process.processor_seconds() - began
            if not spent < seconds:  # also where that cannot be told
                break
        raise TimeoutError
    finally:
        exchange.cancel()


async def _exchange(process: LocalProcess, question: Question) -> Answer | EventerError:
    process.channel.send(question)
    reply = await process.channel.receive()
    assert isinstance(reply, Reply)
    return reply.answer


def _overrun(question: Question, seconds: float) -> BudgetError:
    what = {Inspect: "its first events", Explain: "its plan"}.get(type(question), "these events")
    return BudgetError(
        f"the template took more than {seconds:g} s of processor time for {what}",
        hint="look for a loop without an end, or a very large value",
    )
