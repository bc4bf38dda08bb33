"""The settings of a connection to HTTP endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from eventer.core.addresses import check_endpoint_url
from eventer.destinations.connection_settings import ConnectionSettings, Integer, Seconds
from eventer.destinations.http.settings import (
    DEFAULT_BATCH_BYTES,
    DEFAULT_BATCH_EVENTS,
    DEFAULT_PARALLEL_REQUESTS,
    DEFAULT_TIMEOUT,
    Compression,
    parse_headers,
)


class HttpConnectionSettings(ConnectionSettings):
    """HTTP endpoints below a URL."""

    url: Annotated[str, AfterValidator(check_endpoint_url)] | None = Field(
        default=None,
        description="URL of the endpoints. Generators post to it or to paths below it and nowhere "
        "else.",
        examples=["https://collector.example.org/events"],
    )
    headers: SecretStr | None = Field(
        default=None,
        description="Headers of each request, such as `Authorization: Bearer …`; one `Name: value` "
        "per line.",
    )
    ssl_cafile: Path | None = Field(
        default=None, description="Trusted CA certificates (PEM). Default: those of the system."
    )
    timeout: Annotated[Seconds, Field(le=25)] = Field(
        default=DEFAULT_TIMEOUT, description="Timeout of a request, in seconds."
    )
    batch_events: Annotated[Integer, Field(ge=1, le=10_000)] = Field(
        default=DEFAULT_BATCH_EVENTS, description="Largest number of events in a request."
    )
    batch_bytes: Annotated[Integer, Field(ge=1 << 10, le=64 << 20)] = Field(
        default=DEFAULT_BATCH_BYTES,
        description="Largest body of a request before compression, in bytes. An event that is "
        "larger has a request of its own.",
    )
    compression: Compression = Field(default="none", description="Compression of request bodies.")
    parallel_requests: Annotated[Integer, Field(ge=1, le=256)] = Field(
        default=DEFAULT_PARALLEL_REQUESTS,
        description="Concurrent requests of a shard. Those of a generator follow each other.",
    )

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: SecretStr | None) -> SecretStr | None:
        try:
            parse_headers(headers.get_secret_value() if headers else "")
        except ValueError as error:
            raise PydanticCustomError("headers", "{text}", {"text": str(error)}) from None
        return headers
