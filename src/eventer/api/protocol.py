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

from eventer.api.problems import CROWDED, HEAD_TOO_SLOW, NOT_HTTP, Kind, encoded_problem
from eventer.settings.model import Limits

STALL_SECONDS: Final = 30.0
"""How long an answer may wait for a client that does not read it."""


class PatientProtocol(H11Protocol):
    """One connection. It uses what the server's protocol keeps to itself; a test guards that.

    `asking` are those of the server whose request is not here whole, the one silent longest first.
    """

    limits: ClassVar[Limits] = Limits()
    asking: ClassVar[dict[PatientProtocol, None]] = {}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._has_begun = False

    @property
    def _has_request(self) -> bool:
        """Whether the head of a request is here that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first one
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a connection, at the cost of the one silent longest where there are too many."""
        super().connection_made(transport)
        self.asking[self] = None
        self._await_head()
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def _make_room(self) -> None:
        """Lets go of the one silent longest; that is this one, where all others are answered."""
        one = next(iter(self.asking))
        one.refuse(CROWDED, "there are too many connections", unasked=one is self)

    def data_received(self, data: bytes) -> None:
        """Takes what a client says; its time to ask ends with the head of a request."""
        self._has_begun = True
        super().data_received(data)
        if self._has_request:
            self._forget_head()
            if not self.cycle.more_body:
                self.asking.pop(self, None)
        elif self._patience is None and not self.transport.is_closing():
            self._await_head()

    def on_response_complete(self) -> None:
        """Begins to wait for the next request."""
        self._has_begun = False
        self.asking.pop(self, None)  # it comes last, whether it was there or not
        self.asking[self] = None
        super().on_response_complete()

    def _await_head(self) -> None:
        seconds = self.limits.header_seconds
        self._patience = self.loop.call_later(seconds, self._head_overdue)

    def _forget_head(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _head_overdue(self) -> None:
        self._patience = None
        seconds = self.limits.header_seconds
        self.refuse(HEAD_TOO_SLOW, f"the head of the request took longer than {seconds:g} s")

    def refuse(self, kind: Kind, detail: str, *, unasked: bool = False) -> None:
        """Ends the connection; with an answer, if its client has begun to ask, or `unasked`."""
        if self.transport.is_closing():
            return
        self.connections.discard(self)
        self.asking.pop(self, None)
        self._forget_head()
        if (self._has_begun or unasked) and self.conn.our_state is h11.IDLE:
            self._answer(kind, detail)
        self._hang_up()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP; where an answer is under way, there is nothing to be said."""
        del msg
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(NOT_HTTP, "this is no HTTP/1.1 request, or its head is too large")
        self._hang_up()

    def _hang_up(self) -> None:
        """Ends the connection; whatever still works on a request of it has nobody to answer."""
        if self._has_request:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()

    def _answer(self, kind: Kind, detail: str) -> None:
        headers, body = encoded_problem(kind, detail)
        response = h11.Response(
            status_code=kind.status, headers=[*headers, (b"connection", b"close")]
        )
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")

    def pause_writing(self) -> None:
        """The client does not read: it has a while to begin."""
        super().pause_writing()
        self._stall = self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        self._forget_stall()

    def _forget_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self.asking.pop(self, None)
        self._forget_head()
        self._forget_stall()
        super().connection_lost(exc)


def protocol_of(limits: Limits) -> type[asyncio.Protocol]:
    """The class of connections within these limits; the server makes them."""
    return type(PatientProtocol.__name__, (PatientProtocol,), {"limits": limits, "asking": {}})
