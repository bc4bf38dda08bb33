"""Address, headers and limits of a connection to HTTP endpoints."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from eventer.core.errors import DestinationRejectedError

DEFAULT_TIMEOUT: Final = 10.0
DEFAULT_BATCH_EVENTS: Final = 1_000
DEFAULT_BATCH_BYTES: Final = 1 << 20
DEFAULT_PARALLEL_REQUESTS: Final = 8

Compression: TypeAlias = Literal["none", "gzip"]
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e][\x20-\x7e\t]*)")
_OWN_HEADERS: Final = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "idempotency-key"}
)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """All client settings of one connection; `timeout` is that of a request, in seconds.

    A request has at most `batch_events` events and, unless a single event is larger,
    `batch_bytes` bytes.
    """

    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ssl_cafile: Path | None = None
    timeout: float = DEFAULT_TIMEOUT
    batch_events: int = DEFAULT_BATCH_EVENTS
    batch_bytes: int = DEFAULT_BATCH_BYTES
    compression: Compression = "none"
    parallel_requests: int = DEFAULT_PARALLEL_REQUESTS

    def endpoint(self, path: str) -> str:
        """The URL of a path."""
        return f"{self.url.rstrip('/')}/{path}" if path else self.url

    def ssl_context(self) -> ssl.SSLContext:
        """The TLS context, which trusts `ssl_cafile` or else the system's authorities.

        Raises:
            DestinationRejectedError: the file cannot be read.
        """
        try:
            return ssl.create_default_context(cafile=self.ssl_cafile)
        except OSError as error:
            raise DestinationRejectedError(
                f"cannot read the certificates in {self.ssl_cafile}: {error.strerror or error}",
                hint="set `ssl_cafile` to a file of CA certificates (PEM)",
            ) from error


def parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    """The headers of a text with a `Name: value` per line.

    Raises:
        ValueError: a line is not a header, or a header that Eventer sets itself. The message does
            not contain values.
    """
    headers = []
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        if (match := _HEADER.fullmatch(line)) is None:
            raise ValueError(f"line {number} is not a header: write `Name: value`")
        if match[1].lower() in _OWN_HEADERS:
            raise ValueError(f"the header {match[1]!r} is set by Eventer: remove it")
        headers.append((match[1], match[2]))
    return tuple(headers)
