"""The settings of a connection as its client takes them. Secrets stay in the connector."""

from __future__ import annotations

from pydantic import SecretStr

from eventer.destinations.connection_settings import ConnectionSettings


def client_options(settings: ConnectionSettings) -> dict[str, object]:
    """All settings by name, with the texts of secrets; without the `type` of named connections."""
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in settings
        if name != "type"
    }
