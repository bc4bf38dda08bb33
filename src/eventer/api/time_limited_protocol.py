"""HTTP connections that nobody can hold for ever: what happens before a request is one.

The server's own protocol waits for as long as a client likes. This one gives each connection a time
to say what it wants, and a time to take what it asked for; and where all connections that there may
be are held, the one that has been silent longest gives way to who comes next.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from eventer.api.problems import (
    MALFORMED_HTTP,
    REQUEST_TOO_SLOW,
    TOO_MANY_REQUESTS,
    ProblemType,
    problem_message,
)
from eventer.settings.model import Limits

STALL_SECONDS: Final = 30.0
"""How long an answer may wait for a client that does not read it."""


class TimeLimitedProtocol(H11Protocol):
    """One connection. It uses what the server's protocol keeps to itself; a test guards that.

    `awaiting_request` are those of the server whose request is not here whole, the one silent longest first.
    """

    limits: ClassVar[Limits] = Limits()
    awaiting_request: ClassVar[dict[TimeLimitedProtocol, None]] = {}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._has_begun = False

    @property
    def _has_request(self) -> bool:
        """Whether the head of a request is here that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first one
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a connection, at the cost of the one silent longest where there are too many."""
        super().connection_made(transport)
        self.awaiting_request[self] = None
        self._start_head_timer()
        if len(self.connections) > self.limits.connections:
            self._evict_idlest()

    def _evict_idlest(self) -> None:
        """Lets go of the one silent longest; that is this one, where all others are answered."""
        one = next(iter(self.awaiting_request))
        one.refuse(TOO_MANY_REQUESTS, "there are too many connections", even_if_idle=one is self)

    def data_received(self, data: bytes) -> None:
        """Takes what a client says; its time to ask ends with the head of a request."""
        self._has_begun = True
        super().data_received(data)
        if self._has_request:
            self._cancel_head_timer()
            if not self.cycle.more_body:
                self.awaiting_request.pop(self, None)
        elif self._head_timer is None and not self.transport.is_closing():
            self._start_head_timer()

    def on_response_complete(self) -> None:
        """Begins to wait for the next request."""
        self._has_begun = False
        self.awaiting_request.pop(self, None)  # it comes last, whether it was there or not
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
        self.refuse(REQUEST_TOO_SLOW, f"the head of the request took longer than {seconds:g} s")

    def refuse(self, kind: ProblemType, detail: str, *, even_if_idle: bool = False) -> None:
        """Ends the connection; with an answer, if its client has begun to ask, or `even_if_idle`."""
        if self.transport.is_closing():
            return
        self.connections.discard(self)
        self.awaiting_request.pop(self, None)
        self._cancel_head_timer()
        if (self._has_begun or even_if_idle) and self.conn.our_state is h11.IDLE:
            self._answer(kind, detail)
        self._disconnect()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP; where an answer is under way, there is nothing to be said."""
        del msg
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(MALFORMED_HTTP, "this is no HTTP/1.1 request, or its head is too large")
        self._disconnect()

    def _disconnect(self) -> None:
        """Ends the connection; whatever still works on a request of it has nobody to answer."""
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
        """The client does not read: it has a while to begin."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._cancel_write_timer()

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self.awaiting_request.pop(self, None)
        self._cancel_head_timer()
        self._cancel_write_timer()
        super().connection_lost(exc)


def protocol_class(limits: Limits) -> type[asyncio.Protocol]:
    """The class of connections within these limits; the server makes them."""
    return type(
        TimeLimitedProtocol.__name__,
        (TimeLimitedProtocol,),
        {"limits": limits, "awaiting_request": {}},
    )
