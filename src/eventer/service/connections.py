"""Makes connectors for workers from the operator's connections. Secrets stay in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eventer.core.destination_kinds import BUILT_IN
from eventer.core.model import Guarantee
from eventer.destinations.connection_settings import ConnectionSettings
from eventer.destinations.connector import ConnectionContext, Connector
from eventer.destinations.kind import destination_kind
from eventer.settings import Settings

_STATE_FOLDER: Final = "destinations"
"""The folder within that of the service's data for what destinations cannot keep."""


@dataclass(frozen=True, slots=True)
class KnownConnection:
    """A connection that requests may name. Without an address, `connector` is None.

    `setting` is the setting of its address; `address` is that without user and password. The
    address of a connection to files is its root folder; `missing` is what an address is called in
    messages. `guarantee` is None if the connected server decides.
    """

    kind: str
    connector: Connector | None
    setting: str
    guarantee: Guarantee | None = None
    address: str | None = None
    missing: str = "address"


def known_connections(
    settings: Settings, shards: int, *, keeps_state: bool = True
) -> Mapping[str, KnownConnection]:
    """All connections that requests may name, by name.

    If `keeps_state` is false, destinations keep nothing in the folder of the service's data.
    """
    folder = settings.data_dir / _STATE_FOLDER if keeps_state else None
    known = {
        kind: _connection(kind, kind, getattr(settings, kind), shards, folder) for kind in BUILT_IN
    }
    for name, section in settings.connections.items():
        kind = _kind_of(section)
        known[name] = _connection(name, kind, section, shards, folder)
    return known


def _kind_of(section: ConnectionSettings) -> str:
    """The `type` of an additional connection."""
    kind: str = section.type  # type: ignore[attr-defined]  # models of additional connections
    return kind


def _connection(
    name: str, kind: str, section: ConnectionSettings, shards: int, folder: Path | None
) -> KnownConnection:
    specification = destination_kind(kind)
    prefix = name if name == kind else f"connections.{name}"
    setting = f"{prefix}.{specification.address_setting}"
    configured = specification.configure(section, ConnectionContext(name, shards, folder))
    return KnownConnection(
        kind,
        configured.connector,
        setting,
        configured.guarantee,
        configured.address,
        specification.address_noun,
    )


def environment_name(setting: str) -> str:
    """The environment variable of a setting."""
    return "EVENTER_" + setting.replace(".", "__").upper()
