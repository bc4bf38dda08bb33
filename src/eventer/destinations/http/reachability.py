"""Whether the server of a connection accepts connections."""

from __future__ import annotations

import asyncio
import ssl
from urllib.parse import urlsplit

from eventer.core.errors import DestinationUnavailableError
from eventer.core.network_errors import network_error_text
from eventer.destinations.http.settings import HttpSettings

_PORTS = {"http": 80, "https": 443}


async def check_reachable(settings: HttpSettings) -> None:
    """Opens a connection to the server, with TLS if the URL says so, and sends nothing.

    Raises:
        DestinationUnavailableError: the server does not accept it.
        DestinationRejectedError: the certificates of the settings cannot be read.
    """
    parts = urlsplit(settings.url)
    context: ssl.SSLContext | None = settings.ssl_context() if parts.scheme == "https" else None
    try:
        async with asyncio.timeout(settings.timeout):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or _PORTS[parts.scheme], ssl=context
            )
    except (OSError, UnicodeError) as error:
        raise unreachable(settings, error) from error
    writer.close()


def unreachable(settings: HttpSettings, error: BaseException) -> DestinationUnavailableError:
    """The error of a server that a request does not reach."""
    reason = network_error_text(error) or "the connection failed"
    return DestinationUnavailableError(
        f"the HTTP server at {settings.url} is not reachable: {reason}",
        hint="check `url` of the connection; Eventer keeps trying",
    )
