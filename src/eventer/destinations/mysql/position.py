"""Positions of generators and owners of shards, in two tables of the connection's database."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from eventer.core.errors import FencedError
from eventer.core.model import Position, PositionKey
from eventer.destinations.mysql.session import Session
from eventer.destinations.position_json import position_parts, read_position

_CREATE_POSITIONS: Final = (
    "CREATE TABLE IF NOT EXISTS eventer_positions ("
    "cluster BIGINT UNSIGNED NOT NULL, generator BIGINT UNSIGNED NOT NULL, "
    "incarnation BIGINT UNSIGNED NOT NULL, next_index BIGINT UNSIGNED NOT NULL, "
    "position LONGTEXT NOT NULL, fields LONGTEXT NOT NULL, "
    "PRIMARY KEY (cluster, generator, incarnation)) "
    "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)
_CREATE_SHARDS: Final = (
    "CREATE TABLE IF NOT EXISTS eventer_shards ("
    "cluster BIGINT UNSIGNED NOT NULL, connection VARCHAR(200) NOT NULL, "
    "shard INT UNSIGNED NOT NULL, epoch BIGINT UNSIGNED NOT NULL, "
    "PRIMARY KEY (cluster, connection, shard)) "
    "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)
_EXIST: Final = (
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
    "AND table_name IN ('eventer_positions', 'eventer_shards')"
)
_ACQUIRE: Final = (
    "INSERT INTO eventer_shards (cluster, connection, shard, epoch) VALUES (%s, %s, %s, 1) "
    "ON DUPLICATE KEY UPDATE epoch = epoch + 1"
)
_EPOCH: Final = (
    "SELECT epoch FROM eventer_shards WHERE cluster = %s AND connection = %s AND shard = %s"
)
_STORE: Final = (
    "INSERT INTO eventer_positions "
    "(cluster, generator, incarnation, next_index, position, fields) VALUES "
)


class ShardKey(NamedTuple):
    """A shard of a cluster within a named connection."""

    cluster: int
    connection: str
    shard: int


@dataclass(frozen=True, slots=True)
class FlowPosition:
    """A position, and the fields that the events before it had beyond their known shape."""

    position: Position
    fields: frozenset[str] = frozenset()


START: Final = FlowPosition(Position())


def ensure_tables(session: Session) -> None:
    """Creates the missing tables. Blocks."""
    if session.fetch(_EXIST)[0][0] < 2:
        for statement in (_CREATE_POSITIONS, _CREATE_SHARDS):
            session.execute(statement)


def acquire_shard(session: Session, shard: ShardKey) -> int:
    """Becomes the owner of a shard; returns the epoch. Waits for the last transaction. Blocks."""
    session.execute("START TRANSACTION")
    session.execute(_ACQUIRE, shard)
    epoch: int = session.fetch(_EPOCH, shard)[0][0]
    session.execute("COMMIT")
    return epoch


def check_owner(session: Session, shard: ShardKey, epoch: int) -> None:
    """Locks the shard for the present transaction. Blocks.

    Raises:
        FencedError: there is a newer owner.
    """
    found = session.fetch(f"{_EPOCH} FOR UPDATE", shard)
    if found != [(epoch,)]:
        raise FencedError(f"another owner has taken over shard {shard.shard}")


def read_positions(
    session: Session, keys: Collection[PositionKey]
) -> dict[PositionKey, FlowPosition]:
    """The committed positions of these generators. Blocks."""
    wanted, found = list(keys), dict[PositionKey, FlowPosition]()
    for first in range(0, len(wanted), 1_000):
        part = wanted[first : first + 1_000]
        places = ", ".join(["(%s, %s, %s)"] * len(part))
        rows = session.fetch(
            "SELECT position, fields FROM eventer_positions "  # noqa: S608  only placeholders
            f"WHERE (cluster, generator, incarnation) IN ({places})",
            [number for key in part for number in key],
        )
        for position, fields in rows:
            key, stored = read_position(json.loads(position))
            found[key] = FlowPosition(stored, frozenset(json.loads(fields)))
    return found


def store_positions(session: Session, positions: Mapping[PositionKey, FlowPosition]) -> None:
    """Writes positions within the present transaction. Blocks."""
    if not positions:
        return
    values = [value for key, each in positions.items() for value in _values(key, each)]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(positions))
    session.execute(
        f"{_STORE}{places} ON DUPLICATE KEY UPDATE next_index = VALUES(next_index), "
        "position = VALUES(position), fields = VALUES(fields)",
        values,
    )


def _values(key: PositionKey, stored: FlowPosition) -> Iterable[object]:
    parts = json.dumps(position_parts(key, stored.position), separators=(",", ":"))
    return (*key, stored.position.next, parts, json.dumps(sorted(stored.fields)))
