"""MariaDB and MySQL as a kind of destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from eventer.core.distribution import install_command
from eventer.core.errors import ConfigError, DestinationRejectedError, Fault
from eventer.core.model import EventShape, JsonValue
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.kind import DestinationKind
from eventer.destinations.mysql.connector import MysqlConnector
from eventer.destinations.mysql.identifiers import parse_table
from eventer.destinations.mysql.settings import MysqlSettings, address_of
from eventer.destinations.mysql.target import MysqlTarget

if TYPE_CHECKING:
    from eventer.destinations.mysql.connection_settings import MysqlConnectionSettings
    from eventer.destinations.mysql.target_options import MysqlOptions


class MysqlKind(DestinationKind[MysqlTarget, "MysqlConnectionSettings"]):
    """Tables of a MariaDB or MySQL database."""

    name = "mysql"
    title = "MySQL table"
    target_type = MysqlTarget
    address_setting = "dsn"

    def target_options(self) -> type[MysqlOptions]:
        """See `DestinationKind`."""
        from eventer.destinations.mysql.target_options import MysqlOptions

        return MysqlOptions

    def connection_settings(self) -> type[MysqlConnectionSettings]:
        """See `DestinationKind`."""
        from eventer.destinations.mysql.connection_settings import MysqlConnectionSettings

        return MysqlConnectionSettings

    def configure(
        self, settings: MysqlConnectionSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        """The address is the DSN without user and password.

        Raises:
            ConfigError: the client of the server is not installed.
        """
        if settings.dsn is None:
            return ConfiguredConnection("exactly-once")
        if find_spec("pymysql") is None:
            raise ConfigError(
                f"connection {context.name!r} needs the client of MySQL, which is not installed",
                hint=install_command("mysql"),
            )
        client = MysqlSettings(
            settings.dsn.get_secret_value(),
            settings.password.get_secret_value() if settings.password else None,
            settings.tls,
            settings.ssl_cafile,
            settings.connect_timeout,
            settings.statement_timeout,
            settings.lock_timeout,
        )
        connector = MysqlConnector(context.name, client)
        return ConfiguredConnection("exactly-once", connector, address_of(client.dsn))

    def faults(self, target: MysqlTarget) -> Iterator[Fault]:
        """The name of the table, and columns that the key repeats."""
        try:
            parse_table(target.table)
        except DestinationRejectedError as error:
            yield Fault("/table", error.message, error.hint)
        key = target.key or ()
        for number, name in enumerate(key):
            if name in key[:number]:
                yield Fault(f"/key/{number}", f"the key contains {name!r} twice")

    def identity(self, target: MysqlTarget) -> Mapping[str, JsonValue]:
        """See `DestinationKind`."""
        return {
            "connection": target.connection,
            "table": target.table,
            "key": None if target.key is None else list(target.key),
        }

    def check_fields(self, shape: EventShape, target: MysqlTarget, names: frozenset[str]) -> None:
        """Whether columns can have the names and types of the fields."""
        from eventer.destinations.mysql.table_columns import new_table, table_fields

        new_table(parse_table(target.table), table_fields(shape, target, names), target)

    def without_name(self, target: MysqlTarget) -> MysqlTarget:
        """See `DestinationKind`."""
        return replace(target, table="", connection="")
