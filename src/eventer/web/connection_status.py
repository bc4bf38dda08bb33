"""What the page of connections shows: a status per connection, from the newest snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from eventer.core.errors import EventerError
from eventer.service.connections import KnownConnection, environment_name
from eventer.service.views import ConnectionReport, GeneratorView, Snapshot, TargetSize
from eventer.web.format import format_bytes
from eventer.web.rows import target_name

MAX_PLACES: Final = 50
"""Topics, tables or folders of a connection that are shown."""
_HEADERS: Final = {
    "kafka": ("Topic", "Generators", "Records", "Partitions"),
    "postgres": ("Table", "Generators", "Rows, estimated", "Size"),
    "file": ("Folder", "Generators", "", "Size"),
    "http": ("Path", "Generators", "", ""),
    "mysql": ("Table", "Generators", "Rows, estimated", "Size"),
}


@dataclass(slots=True)
class ConnectionStatus:
    """A connection at an instant.

    `state` is `running` if its server answers, `waiting` if it does not, and `paused` if no
    generator uses it or it has no address; `note` says so. `error` is the newest one of its
    generators that wait. `places` are its topics, tables or folders, each with its
    number of generators.
    """

    name: str
    kind: str
    address: str
    state: str = "paused"
    note: str = "not in use"
    delivery: str = "not known until it is connected"
    error: EventerError | None = None
    places: dict[str, int] = field(default_factory=dict)
    generators: Sequence[GeneratorView] = ()


def connection_statuses(
    connections: Mapping[str, KnownConnection], snapshot: Snapshot
) -> Iterator[ConnectionStatus]:
    """The statuses of all connections, those with an address first."""
    by_connection: dict[str, list[GeneratorView]] = {name: [] for name in connections}
    for view in snapshot.generators:
        by_connection.setdefault(view.target.connection, []).append(view)
    names = sorted(connections, key=lambda name: connections[name].connector is None)
    for name in names:
        yield _status(name, connections[name], by_connection[name], snapshot)


def _status(
    name: str, known: KnownConnection, generators: Sequence[GeneratorView], snapshot: Snapshot
) -> ConnectionStatus:
    status = ConnectionStatus(name, known.kind, known.address or "", generators=generators)
    for view in generators:
        place = target_name(view.target)
        status.places[place] = status.places.get(place, 0) + 1
    promised = next((view.delivery for view in generators if view.delivery), known.guarantee)
    status.delivery = promised or status.delivery
    waiting = [view.last_error for view in generators if view.state == "waiting"]
    errors = sorted((each for each in waiting if each is not None), key=lambda each: each.at)
    if known.connector is None:
        status.note = f"no {known.missing}: set {environment_name(known.setting)}"
    elif waiting:
        many = f"{len(waiting):,} generators wait" if len(waiting) > 1 else "a generator waits"
        status.state, status.note = "waiting", many
        status.error = errors[-1].error if errors else None
    elif any(key.connection == name and each.connected for key, each in snapshot.shards.items()):
        status.state, status.note = "running", "connected"
    return status


def place_headers(kind: str) -> tuple[str, str, str, str]:
    """The headers of `place_rows` for a kind of destination."""
    return _HEADERS.get(kind, ("Target", "Generators", "", ""))


def place_rows(
    places: Mapping[str, int], report: ConnectionReport | None
) -> Iterator[tuple[str, str, str, str]]:
    """The first topics, tables or folders: name, generators, number of rows, and size."""
    for name in sorted(places)[:MAX_PLACES]:
        size = report.sizes.get(name) if report else None
        yield name, f"{places[name]:,}", _rows_text(size), _size_text(size)
    if len(places) > MAX_PLACES:
        yield f"and {len(places) - MAX_PLACES:,} more", "", "", ""


def _rows_text(size: TargetSize | None) -> str:
    return "" if size is None or size.rows is None else f"{size.rows:,}"


def _size_text(size: TargetSize | None) -> str:
    if size is None:
        return ""
    return str(size.partitions) if size.bytes is None else format_bytes(size.bytes)
