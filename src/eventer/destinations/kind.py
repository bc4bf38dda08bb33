"""The specification of a kind of destination: one class has all that others know about it.

To add a kind, write a package with a `ServiceTarget`, the models of its options and of its
connections, a `Connector` with its `ShardConnection`, and a subclass of `DestinationKind`. Then
name that class in `eventer.core.destination_kinds`, or in an entry point of another package.
Requests, settings, the registry, ids, checks and the reference pages follow from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from eventer.core.destination_kinds import kind_names, load_kind
from eventer.core.errors import ConfigError, Fault
from eventer.core.model import EventShape, JsonValue, ServiceTarget

if TYPE_CHECKING:
    from eventer.destinations.connection_settings import ConnectionSettings
    from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
    from eventer.destinations.target_options import TargetOptions

T = TypeVar("T", bound=ServiceTarget)
S = TypeVar("S", bound="ConnectionSettings")


class DestinationKind(ABC, Generic[T, S]):
    """A kind of destination, whose targets are of the type T and connections of the type S.

    Its methods have no side effects. The modules of both models are imported when they are asked
    for, because worker processes do without them.
    """

    name: ClassVar[str]
    """The `type` of destinations in requests and of connections in settings."""
    target_type: ClassVar[type[ServiceTarget]]
    """The type of its targets."""
    address_setting: ClassVar[str]
    """The setting without which a connection is not usable, as `url`."""
    address_noun: ClassVar[str] = "address"
    """What that setting is, for messages."""
    title: ClassVar[str] = ""
    """What a target is called where people choose one, as `Kafka topic`; if empty, the name."""

    @abstractmethod
    def target_options(self) -> type[TargetOptions]:
        """The options of a target in requests: names, types, defaults, limits, descriptions."""

    @abstractmethod
    def connection_settings(self) -> type[S]:
        """The settings of a connection."""

    @abstractmethod
    def configure(self, settings: S, context: ConnectionContext) -> ConfiguredConnection:
        """The connection of these settings, which may lack an address."""

    def faults(self, target: T) -> Iterator[Fault]:
        """What is wrong with a target in itself. Pointers begin at its options: `/path`.

        The pointers of `value`, `omit` and `op` are checked elsewhere.
        """
        del target
        yield from ()

    def identity(self, target: T) -> Mapping[str, JsonValue]:
        """The options that distinguish generators, besides `value`, `omit` and `op`.

        It must never change for a target: ids of generators are hashes of it. An option that a
        later version adds is there only if it is set.
        """
        options = asdict(target)
        return {name: each for name, each in options.items() if name not in ("value", "omit", "op")}

    def named_fields(self, target: T) -> Iterator[tuple[str, str]]:
        """Each option that names a field of events, and the field or JSON pointer.

        Without `value`, `omit` and `op`.
        """
        del target
        yield from ()

    def check_fields(self, shape: EventShape, target: T, names: frozenset[str]) -> None:
        """Checks whether a target with columns can have fields of these shapes and names.

        Raises:
            DestinationRejectedError: it cannot.
        """

    def request_options(self, target: T) -> dict[str, Any]:
        """The options of a target as in a request; those that are not set may be false values."""
        return asdict(target)

    def without_name(self, target: T) -> T:
        """A target without name and connection, if they do not matter for what is written there."""
        return replace(target, connection="")


@cache
def destination_kind(name: str) -> DestinationKind[Any, Any]:
    """The kind of this name.

    Raises:
        ConfigError: there is none, or its package cannot be loaded.
    """
    found = load_kind(name)
    if not (isinstance(found, type) and issubclass(found, DestinationKind)) or found.name != name:
        raise ConfigError(
            f"the destination {name!r} refers to {found!r}, which is not a `DestinationKind` with "
            "this name",
            hint="correct the entry point of its package",
        )
    return found()


def destination_kinds() -> tuple[DestinationKind[Any, Any], ...]:
    """All kinds, Eventer's own first."""
    return tuple(map(destination_kind, kind_names()))
