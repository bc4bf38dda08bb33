"""PostgreSQL as a kind of destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from eventer.core.errors import DestinationRejectedError, Fault
from eventer.core.model import EventShape, JsonValue, PostgresTarget
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.kind import DestinationKind
from eventer.destinations.postgres.connector import PostgresConnector
from eventer.destinations.postgres.dsn import parse_dsn
from eventer.destinations.postgres.identifiers import parse_table

if TYPE_CHECKING:
    from eventer.destinations.postgres.connection_settings import PostgresConnectionSettings
    from eventer.destinations.postgres.target_options import PostgresOptions


class PostgresKind(DestinationKind[PostgresTarget, "PostgresConnectionSettings"]):
    """Tables of a PostgreSQL database."""

    name = "postgres"
    title = "PostgreSQL table"
    target_type = PostgresTarget
    address_setting = "dsn"

    def target_options(self) -> type[PostgresOptions]:
        """See `DestinationKind`."""
        from eventer.destinations.postgres.target_options import PostgresOptions

        return PostgresOptions

    def connection_settings(self) -> type[PostgresConnectionSettings]:
        """See `DestinationKind`."""
        from eventer.destinations.postgres.connection_settings import PostgresConnectionSettings

        return PostgresConnectionSettings

    def configure(
        self, settings: PostgresConnectionSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        """The address is the DSN without user and password."""
        from eventer.destinations.connection_options import client_options

        if settings.dsn is None:
            return ConfiguredConnection("exactly-once")
        connector = PostgresConnector(context.name, client_options(settings))
        address = parse_dsn(settings.dsn.get_secret_value()).address
        return ConfiguredConnection("exactly-once", connector, address)

    def faults(self, target: PostgresTarget) -> Iterator[Fault]:
        """The name of the table, and columns that the key repeats."""
        try:
            parse_table(target.table)
        except DestinationRejectedError as error:
            yield Fault("/table", error.message, error.hint)
        key = target.key or ()
        for number, name in enumerate(key):
            if name in key[:number]:
                yield Fault(f"/key/{number}", f"the key contains {name!r} twice")

    def identity(self, target: PostgresTarget) -> Mapping[str, JsonValue]:
        """See `DestinationKind`."""
        return {
            "connection": target.connection,
            "table": target.table,
            "key": None if target.key is None else list(target.key),
        }

    def check_fields(
        self, shape: EventShape, target: PostgresTarget, names: frozenset[str]
    ) -> None:
        """Whether columns can have the names and types of the fields."""
        from eventer.destinations.postgres.match_schema import table_fields

        table_fields(shape, target, names)

    def without_name(self, target: PostgresTarget) -> PostgresTarget:
        """See `DestinationKind`."""
        return replace(target, table="", connection="")
