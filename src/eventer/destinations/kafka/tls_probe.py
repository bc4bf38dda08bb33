"""Whether a broker uses TLS at an address, to explain a connection that fails."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from eventer.destinations.kafka.settings import SecurityProtocol

_PROBE_SECONDS: Final = 5.0
_API_VERSIONS: Final = struct.pack(">ihhih", 10, 18, 0, 0, -1)
"""A request that brokers answer before a login: its size, key, version, number and no client id."""
_ANSWER_START: Final = struct.Struct(">ii")
"""The size of an answer, and the number of its request."""
_OTHER: Final[dict[SecurityProtocol, SecurityProtocol]] = {
    "PLAINTEXT": "SSL",
    "SSL": "PLAINTEXT",
    "SASL_PLAINTEXT": "SASL_SSL",
    "SASL_SSL": "SASL_PLAINTEXT",
}


async def tls_hint(host: str, port: int, protocol: SecurityProtocol) -> str | None:
    """What to do if the broker uses TLS and `protocol` does not, or the reverse; None if not so."""
    wants_tls = protocol.endswith("SSL")
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            differs = await (_answers_plainly if wants_tls else _uses_tls)(host, port)
    except (OSError, EOFError, TimeoutError):
        return None
    if not differs:
        return None
    if wants_tls:
        return (
            "the broker does not use TLS at this address: use the address of its TLS listener, or "
            f"set security_protocol to {_OTHER[protocol]}"
        )
    return f"the broker uses TLS at this address: set security_protocol to {_OTHER[protocol]}"


async def _uses_tls(host: str, port: int) -> bool:
    # It sends nothing, so it trusts everyone. To load the certificates of authorities takes much
    # CPU time, and a shard asks after each failed attempt to connect.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with _connection(host, port, context):
        return True


async def _answers_plainly(host: str, port: int) -> bool:
    async with _connection(host, port) as (reader, writer):
        writer.write(_API_VERSIONS)
        size: int
        size, number = _ANSWER_START.unpack(await reader.readexactly(_ANSWER_START.size))
        return 0 < size < 1 << 20 and bool(number == 0)


@asynccontextmanager
async def _connection(
    host: str, port: int, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()
