"""Tests connections, each in its own process, which ends when it has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from eventer.core.errors import EventerError, NotFoundError, RequestError, WorkerLostError
from eventer.destinations.inspection import ConnectionReport
from eventer.service.connections import KnownConnection, environment_name
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import ConnectionTest, ConnectionTested, WorkerConfig
from eventer.workers.supervisor import Supervisor

_MAX_CONCURRENT: Final = 2
_SECONDS: Final = 60.0


class ConnectionTester:
    """Starts testers. `config` holds the connectors of all connections."""

    def __init__(
        self,
        config: WorkerConfig,
        fork_client: ForkClient,
        connections: Mapping[str, KnownConnection],
    ) -> None:
        self._config = config
        self._fork_client = fork_client
        self._connections = connections
        self._running = 0

    async def test(self, name: str, targets: Sequence[str]) -> ConnectionReport:
        """Connects as a generator would, and reads the sizes of topics, tables or folders.

        Raises:
            NotFoundError: no connection has this name.
            RequestError: it has no address or root folder.
            WorkerLostError: too many tests are running, or the process died or did not answer.
            EventerError: the connection does not work; it says why and what to do.
        """
        if (known := self._connections.get(name)) is None:
            names = ", ".join(sorted(self._connections))
            raise NotFoundError(f"no connection has the name {name!r}", hint=f"known: {names}")
        if known.connector is None:
            raise RequestError(
                f"connection {name!r} has no {known.missing}: set {environment_name(known.setting)}"
            )
        if self._running >= _MAX_CONCURRENT:
            raise WorkerLostError("other connections are being tested", hint="try again later")
        self._running += 1
        try:
            return await self._test(ConnectionTest(name, tuple(targets)))
        finally:
            self._running -= 1

    async def _test(self, test: ConnectionTest) -> ConnectionReport:
        tester = Supervisor("tester", self._config, self._fork_client, restart=False)
        tester.start()
        try:
            async with asyncio.timeout(_SECONDS):
                process = await tester.process()
                process.channel.send(test)
                answer: ConnectionTested = await process.channel.receive()
        except (EOFError, TimeoutError) as error:
            raise WorkerLostError(
                f"the test of {test.connection!r} did not end in time", hint="try again"
            ) from error
        finally:
            await tester.stop()
        if isinstance(answer.outcome, EventerError):
            raise answer.outcome
        return answer.outcome
