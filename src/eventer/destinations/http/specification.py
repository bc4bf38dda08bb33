"""HTTP endpoints as a kind of destination."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from eventer.core.errors import Fault
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.http.connector import HttpConnector
from eventer.destinations.http.paths import path_fault
from eventer.destinations.http.settings import HttpSettings, parse_headers
from eventer.destinations.http.target import HttpTarget
from eventer.destinations.kind import DestinationKind

if TYPE_CHECKING:
    from eventer.destinations.http.connection_settings import HttpConnectionSettings
    from eventer.destinations.http.target_options import HttpOptions


class HttpKind(DestinationKind[HttpTarget, "HttpConnectionSettings"]):
    """Endpoints below a URL, which get events by POST."""

    name = "http"
    title = "HTTP endpoint"
    target_type = HttpTarget
    address_setting = "url"
    address_noun = "URL"

    def target_options(self) -> type[HttpOptions]:
        """See `DestinationKind`."""
        from eventer.destinations.http.target_options import HttpOptions

        return HttpOptions

    def connection_settings(self) -> type[HttpConnectionSettings]:
        """See `DestinationKind`."""
        from eventer.destinations.http.connection_settings import HttpConnectionSettings

        return HttpConnectionSettings

    def configure(
        self, settings: HttpConnectionSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        """The server cannot store positions, so delivery is at least once."""
        if settings.url is None:
            return ConfiguredConnection("at-least-once")
        headers = settings.headers.get_secret_value() if settings.headers else ""
        client = HttpSettings(
            settings.url,
            parse_headers(headers),
            settings.ssl_cafile,
            settings.timeout,
            settings.batch_events,
            settings.batch_bytes,
            settings.compression,
            settings.parallel_requests,
        )
        connector = HttpConnector(context.name, client, context.state_folder)
        return ConfiguredConnection("at-least-once", connector, settings.url)

    def faults(self, target: HttpTarget) -> Iterator[Fault]:
        """The path."""
        if fault := path_fault(target.path):
            yield Fault("/path", f"`path` {target.path!r} {fault}")

    def without_name(self, target: HttpTarget) -> HttpTarget:
        """See `DestinationKind`."""
        return replace(target, path="", connection="")
