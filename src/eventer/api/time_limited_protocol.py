"""HTTP connections with time limits, so that slow clients cannot exhaust the service.

Uvicorn's own protocol waits without limit. This one limits the time to send the head of a request
and the time to read the answer. At the maximum number of connections, it closes the one that has
been idle longest.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from eventer.api.problems import ProblemType, problem_message
from eventer.settings.model import Limits

STALL_SECONDS: Final = 30.0
"""How long a response waits for a client that does not read it."""


class TimeLimitedProtocol(H11Protocol):
    """One connection. It uses private parts of uvicorn's protocol; a test checks them.

    `awaiting_request` are the server's connections without a complete request, the longest idle
    first.
    """

    limits: ClassVar[Limits] = Limits()
    awaiting_request: ClassVar[dict[TimeLimitedProtocol, None]] = {}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._is_upgraded = False

    @property
    def _has_request(self) -> bool:
        """Whether the head of a request has arrived that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first one
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepts a connection; evicts the longest idle one if there are too many."""
        super().connection_made(transport)
        self.awaiting_request[self] = None
        self._start_head_timer()
        if len(self.connections) > self.limits.connections:
            self._evict_idlest()

    def _evict_idlest(self) -> None:
        """Closes the longest idle connection: this one, if all others have a request."""
        one = next(iter(self.awaiting_request))
        one.refuse(
            ProblemType.TOO_MANY_REQUESTS,
            "there are too many connections",
            even_if_idle=one is self,
        )

    def data_received(self, data: bytes) -> None:
        """Receives data; the head timer stops when the head of a request is complete."""
        self._has_begun = True
        super().data_received(data)
        if self._is_upgraded:
            return
        if self._has_request:
            self._cancel_head_timer()
            if not self.cycle.more_body:
                self.awaiting_request.pop(self, None)
        elif self._head_timer is None and not self.transport.is_closing():
            self._start_head_timer()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hands the connection over to a WebSocket, which has no time limit of this class."""
        self._is_upgraded = True
        self._cancel_head_timer()
        self.awaiting_request.pop(self, None)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Starts to wait for the next request."""
        self._has_begun = False
        self.awaiting_request.pop(self, None)  # moves it to the end
        self.awaiting_request[self] = None
        super().on_response_complete()

    def _start_head_timer(self) -> None:
        seconds = self.limits.header_seconds
        self._head_timer = self.loop.call_later(seconds, self._on_head_timeout)

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _on_head_timeout(self) -> None:
        self._head_timer = None
        seconds = self.limits.header_seconds
        self.refuse(
            ProblemType.REQUEST_TOO_SLOW, f"the request head took longer than {seconds:g} s"
        )

    def refuse(self, kind: ProblemType, detail: str, *, even_if_idle: bool = False) -> None:
        """Closes the connection, with an answer if a request has begun, or if `even_if_idle`."""
        if self.transport.is_closing():
            return
        self.connections.discard(self)
        self.awaiting_request.pop(self, None)
        self._cancel_head_timer()
        if (self._has_begun or even_if_idle) and self.conn.our_state is h11.IDLE:
            self._answer(kind, detail)
        self._disconnect()

    def send_400_response(self, msg: str) -> None:
        """Answers invalid HTTP, unless a response has begun."""
        del msg
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(
                ProblemType.MALFORMED_HTTP, "not a valid HTTP/1.1 request, or its head is too large"
            )
        self._disconnect()

    def _disconnect(self) -> None:
        """Closes the connection and cancels its request."""
        if self._has_request:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _answer(self, kind: ProblemType, detail: str) -> None:
        headers, body = problem_message(kind, detail)
        response = h11.Response(
            status_code=kind.status, headers=[*headers, (b"connection", b"close")]
        )
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")

    def pause_writing(self) -> None:
        """Starts the time limit for a client that does not read."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stops the time limit: the client reads."""
        super().resume_writing()
        self._cancel_write_timer()

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Cleans up after the connection has closed."""
        self.awaiting_request.pop(self, None)
        self._cancel_head_timer()
        self._cancel_write_timer()
        super().connection_lost(exc)


def protocol_class(limits: Limits) -> type[asyncio.Protocol]:
    """The connection class for uvicorn, with these limits."""
    return type(
        TimeLimitedProtocol.__name__,
        (TimeLimitedProtocol,),
        {"limits": limits, "awaiting_request": {}},
    )
