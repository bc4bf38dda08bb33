"""The kinds of destinations by name: Eventer's own, and those of installed packages.

A package brings a kind by an entry point of the group `eventer.destinations`, whose name is that of
the kind. Entry point and line of `BUILT_IN` refer to a class that implements
`eventer.destinations.kind.DestinationKind`. A kind is loaded when it is first needed.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from eventer.core.errors import ConfigError
from eventer.core.suggestions import did_you_mean

GROUP: Final = "eventer.destinations"
BUILT_IN: Final = {
    "kafka": "eventer.destinations.kafka.specification:KafkaKind",
    "postgres": "eventer.destinations.postgres.specification:PostgresKind",
    "file": "eventer.destinations.file.specification:FileKind",
    "http": "eventer.destinations.http.specification:HttpKind",
    "mysql": "eventer.destinations.mysql.specification:MysqlKind",
}


@cache
def kind_names() -> tuple[str, ...]:
    """The names of all kinds, Eventer's own first."""
    return (*BUILT_IN, *sorted(_installed().keys() - BUILT_IN.keys()))


@cache
def load_kind(name: str) -> Any:
    """The class of a kind.

    Raises:
        ConfigError: no package brings it, or it cannot be loaded.
    """
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        return getattr(import_module(module), attribute)
    if (found := _installed().get(name)) is None:
        raise ConfigError(
            f"there is no destination of type {name!r}",
            hint=did_you_mean(name, kind_names())
            or "install the package that brings it, or remove what uses it",
        )
    try:
        return found.load()
    except Exception as error:
        package = found.dist.name if found.dist else found.value
        raise ConfigError(
            f"the destination {name!r} of the package {package} cannot be loaded: {error!r}",
            hint="update the package, or uninstall it",
        ) from error


@cache
def _installed() -> dict[str, EntryPoint]:
    return {each.name: each for each in entry_points(group=GROUP)}
