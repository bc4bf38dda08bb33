"""An inspector: a process that evaluates untrusted templates and answers requests about them."""

from __future__ import annotations

import asyncio
import signal
from typing import Final

from eventer.core.large_stack import large_stack_executor
from eventer.core.model import EventContext, EventSource, Stream, Template
from eventer.functions.fingerprint import fingerprint
from eventer.functions.row_files import ROW_FILES
from eventer.jsonnet.importer import FolderImporter, Importer, NoLibrary
from eventer.kernels.support.numba_loading import LOADING
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker
from eventer.workers.inspector_messages import InspectorReply, LimitedRequest, PreviewEvents
from eventer.workers.inspector_requests import reply_to
from eventer.workers.messages import Ready, WorkerConfig

_WARM_UP_TEMPLATE: Final = """
local draw(name) = std.native(name);
{
  data: draw('get_rand_data')(),
  agent: draw('get_rand_user_agent')(),
  at: draw('get_timestamp')('now-1h', 'now', '1s'),
  text: '%d %s' % [draw('get_integer')(1, 9), draw('get_one_of')('a, b')],
}
"""


async def serve_inspector(
    channel: Channel, config: WorkerConfig, crash_marker: CrashMarker
) -> None:
    """Answers one request at a time, in a thread with a stack for deep templates.

    The kernel kills the process with `SIGPROF` when a request exceeds its CPU time. The time of
    loading or compiling code does not count.

    Raises:
        EOFError: the service closed the channel, perhaps during a request.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    thread = large_stack_executor()
    ROW_FILES.loading = lambda: LOADING
    LOADING.watch(crash_marker.suspend_while)
    LOADING.watch(CpuTimer().suspend_while)
    importer = NoLibrary() if config.library is None else FolderImporter(config.library)
    loop = asyncio.get_running_loop()
    channel.send(Ready(fingerprint()))
    request = await channel.receive()
    while True:
        next_request = asyncio.create_task(channel.receive())
        answer = loop.run_in_executor(thread, _reply_within_limit, request, importer)
        await asyncio.wait({next_request, answer}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            next_request.result()
        channel.send(await answer)
        request = await next_request


def warm_up() -> None:
    """Loads the code that every template needs, to keep requests fast. Starts no thread."""
    event_source = EventSource(Template(_WARM_UP_TEMPLATE), Stream(0), EventContext())
    reply_to(PreviewEvents(event_source, at=0, first=0, count=3), NoLibrary())


def _reply_within_limit(limited: LimitedRequest, importer: Importer) -> InspectorReply:
    limit = limited.limit
    _limit_cpu_time(limit.first)
    try:
        return reply_to(limited.request, importer, lambda: _limit_cpu_time(limit.rest))
    finally:
        _limit_cpu_time(0)


class CpuTimer:
    """The limit of the CPU time, which does not run while code is loaded or compiled."""

    def __init__(self) -> None:
        self._remaining = 0.0

    def suspend_while(self, loading: bool) -> None:  # noqa: FBT001  a listener of `LOADING`
        """Stops or resumes the count of CPU time."""
        if loading:
            self._remaining, _ = signal.getitimer(signal.ITIMER_PROF)
        _limit_cpu_time(0 if loading else self._remaining)


def _limit_cpu_time(seconds: float) -> None:
    """The CPU time that this process may still use; 0 removes the limit.

    It counts CPU time, so a busy machine does not matter, and it also interrupts compiled code.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
