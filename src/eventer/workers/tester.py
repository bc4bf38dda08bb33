"""A tester: a process that tests one connection, once, and ends."""

from __future__ import annotations

import logging

from eventer.core.errors import EventerError
from eventer.core.logs import event
from eventer.functions.fingerprint import fingerprint
from eventer.workers.channel import Channel
from eventer.workers.messages import ConnectionTest, ConnectionTested, Ready, WorkerConfig

_log = logging.getLogger(__name__)


async def serve_tester(channel: Channel, config: WorkerConfig) -> None:
    """Answers one request.

    Raises:
        EOFError: the service closed the channel.
    """
    channel.send(Ready(fingerprint()))
    request: ConnectionTest = await channel.receive()
    channel.send(await _answer(config, request))
    await channel.flush()
    await channel.receive()


async def _answer(config: WorkerConfig, request: ConnectionTest) -> ConnectionTested:
    """The report, or an error in its place. Never raises."""
    connector = config.connectors[request.connection]
    try:
        return ConnectionTested(await connector.inspect(config.cluster, request.targets))
    except EventerError as error:
        return ConnectionTested(error)
    except Exception:  # noqa: BLE001  the service must get an answer
        _log.exception("a tester failed unexpectedly", extra=event("tester_failed"))
        return ConnectionTested(
            EventerError(
                "an internal error of Eventer prevents the test",
                hint="the log has the details; please report them",
            )
        )
