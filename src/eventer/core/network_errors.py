"""Why a connection failed, without the words of Python and its libraries."""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import Final

_ERRNO: Final = re.compile(r"\[Errno ([0-9]+)\]")


def network_error_text(error: BaseException) -> str | None:
    """The reason of a failed connection; None for an error of another kind."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
        return "the server closed the connection"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the host name cannot be resolved"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    return _system_text(error) if isinstance(error, OSError) else None


def _system_text(error: OSError) -> str | None:
    """The text of the system. For several addresses, asyncio joins their errors to one text."""
    joined = _ERRNO.search(str(error))
    number = int(joined[1]) if joined else error.errno
    if number is None:
        return "the server closed the connection" if isinstance(error, ConnectionError) else None
    text = os.strerror(number)
    return text[:1].lower() + text[1:]
