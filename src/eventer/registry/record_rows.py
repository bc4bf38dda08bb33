"""Records as rows and back. Unsigned 64-bit numbers are decimal text in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from eventer.core.model import CatchUp, GeneratorState, OnError, Position, Segment, Stream
from eventer.registry.base import GeneratorRecord, stream_key, target_location
from eventer.registry.codec import (
    failure_text,
    read_failure,
    read_shape,
    read_target,
    read_template,
    shape_text,
    target_text,
    template_text,
)


class Row(Protocol):
    """A row of a result, read by column name."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""


def record_values(record: GeneratorRecord) -> dict[str, Any]:
    """The values of a generator's own row, its incarnation left to the database."""
    return {
        "id": str(record.id),
        "identity": record.identity,
        "target": target_text(record.target),
        "place": target_location(record.target),
        "template": template_text(record.template),
        "digest": record.digest,
        "stream": record.stream.name,
        "stream_key": stream_key(record.stream.name, record.digest),
        "seed": str(record.stream.seed),
        "explicit_seed": record.explicit_seed,
        "dataset": record.dataset,
        "instance_id": record.instance_id,
        "state": record.state,
        "on_error": record.on_error,
        "catch_up": record.catch_up,
        "shard": record.shard,
        "engine": record.engine,
        "engine_reason": record.engine_reason,
        "shape": shape_text(record.shape),
        "failure": failure_text(record.failure),
        **position_values(record.position),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def position_values(position: Position) -> dict[str, Any]:
    """The values of a position's columns."""
    return {
        "position_next": position.next,
        "position_skipped": position.skipped,
        "position_bytes": position.bytes,
        "position_partitions": json.dumps(position.partitions),
    }


def read_record(row: Row, segments: Iterable[Row], fingerprints: Iterable[Row]) -> GeneratorRecord:
    """The record of a generator's row and those of its segments and fingerprints, in order."""
    return GeneratorRecord(
        id=int(row["id"]),
        incarnation=row["incarnation"],
        identity=row["identity"],
        target=read_target(row["target"]),
        template=read_template(row["template"]),
        digest=row["digest"],
        stream=Stream(int(row["seed"]), row["stream"]),
        explicit_seed=bool(row["explicit_seed"]),
        dataset=row["dataset"],
        instance_id=row["instance_id"],
        state=GeneratorState(row["state"]),
        on_error=OnError(row["on_error"]),
        catch_up=CatchUp(row["catch_up"]),
        shard=row["shard"],
        engine=row["engine"],
        engine_reason=row["engine_reason"],
        shape=read_shape(row["shape"]),
        failure=read_failure(row["failure"]),
        position=_read_position(row),
        segments=tuple(Segment(s["t0"], s["n0"], s["count"], s["interval"]) for s in segments),
        fingerprints=tuple((f["first"], f["fingerprint"]) for f in fingerprints),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _read_position(row: Row) -> Position:
    pairs: list[Mapping[int, int]] = json.loads(row["position_partitions"])
    return Position(
        next=row["position_next"],
        skipped=row["position_skipped"],
        bytes=row["position_bytes"],
        partitions=tuple((pair[0], pair[1]) for pair in pairs),
    )
