"""Converts records to rows and back. The database stores unsigned 64-bit integers as text."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor, read_cursor
from eventer.core.fault_rules_json import read_rules, rules_json
from eventer.core.model import (
    CatchUp,
    EventContext,
    EventSource,
    GeneratorSpec,
    GeneratorState,
    OnError,
    OnNull,
    Position,
    Segment,
    Stream,
)
from eventer.registry.base import (
    BegunFingerprint,
    GeneratorRecord,
    stream_key,
    target_location,
)
from eventer.registry.codec import (
    failure_text,
    pace_text,
    read_failure,
    read_pace,
    read_shape,
    read_target,
    read_template,
    read_timeline,
    shape_text,
    target_text,
    template_text,
    timeline_text,
)


class Row(Protocol):
    """A row of a result, read by column name."""

    def __getitem__(self, name: str, /) -> Any:
        """The value of a column."""


def record_values(record: GeneratorRecord) -> dict[str, Any]:
    """The values of a generator's own row, without its incarnation: the database assigns it."""
    spec, stream, context = record.spec, record.spec.stream, record.spec.event_source.context
    return {
        "id": str(record.id),
        "name": record.name,
        "identity": record.identity,
        "target": target_text(spec.target),
        "place": target_location(spec.target),
        "template": template_text(spec.event_source.template),
        "digest": spec.digest,
        "stream": stream.name,
        "stream_key": stream_key(stream.name, spec.digest),
        "seed": str(stream.seed),
        "explicit_seed": int(spec.explicit_seed),
        "dataset": context.dataset,
        "instance_id": context.instance_id,
        "state": record.state,
        "on_error": spec.on_error,
        "catch_up": spec.catch_up,
        "on_null": spec.on_null,
        "faults": json.dumps(rules_json(spec.faults)),
        "timeline": timeline_text(spec.timeline),
        "shard": record.shard,
        "engine": spec.engine,
        "engine_reason": spec.engine_reason,
        "shape": shape_text(spec.shape),
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
        "position_dropped": position.dropped,
        "position_bytes": position.bytes,
        "position_partitions": json.dumps(position.partitions),
        "position_cursor": _cursor_text(position.cursor),
    }


def fingerprint_values(begun: BegunFingerprint) -> dict[str, Any]:
    """The values of a fingerprint's columns."""
    cursor = _cursor_text(begun.cursor)
    return {"first": begun.first, "fingerprint": begun.fingerprint, "cursor": cursor}


def _cursor_text(cursor: Cursor | None) -> str | None:
    return None if cursor is None else json.dumps(cursor.values)


def read_records(
    rows: Iterable[Row],
    segments: Iterable[Row],
    fingerprints: Iterable[Row],
    bindings: Iterable[Row],
) -> tuple[GeneratorRecord, ...]:
    """The records of all generators, in the order of their rows; each argument has all rows."""
    parts = [_by_generator(each) for each in (segments, fingerprints, bindings)]
    return tuple(read_record(row, *(part.get(row["id"], ()) for part in parts)) for row in rows)


def _by_generator(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["generator"]].append(row)
    return grouped


def read_record(
    row: Row, segments: Iterable[Row], fingerprints: Iterable[Row], bindings: Iterable[Row]
) -> GeneratorRecord:
    """The record of a generator's row and those of its segments and so on, in order."""
    return GeneratorRecord(
        id=int(row["id"]),
        name=row["name"],
        incarnation=row["incarnation"],
        identity=row["identity"],
        spec=_read_spec(row),
        state=GeneratorState(row["state"]),
        shard=row["shard"],
        failure=read_failure(row["failure"]),
        position=_read_position(row),
        segments=tuple(map(_read_segment, segments)),
        fingerprints=tuple(
            BegunFingerprint(f["first"], f["fingerprint"], _read_cursor(f["cursor"]))
            for f in fingerprints
        ),
        bindings=tuple(map(_read_binding, bindings)),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def segment_values(segment: Segment) -> dict[str, Any]:
    """The values of a segment's columns."""
    return {
        "t0": segment.t0,
        "n0": segment.n0,
        "u0": segment.u0,
        "draw_key": str(segment.draw_key),
        "pace": pace_text(segment.pace),
    }


def _read_segment(row: Row) -> Segment:
    pace = read_pace(row["pace"])
    return Segment(row["t0"], row["n0"], pace, row["u0"], int(row["draw_key"]))


def binding_values(binding: Binding) -> dict[str, Any]:
    """The values of a binding's columns."""
    return {
        "name": binding.name,
        "first": binding.first,
        "referenced": str(binding.generator),
        "referenced_incarnation": binding.incarnation,
        "segments": json.dumps([segment_values(each) for each in binding.segments]),
        "finish": binding.end,
    }


def _read_binding(row: Row) -> Binding:
    return Binding(
        row["name"],
        row["first"],
        int(row["referenced"]),
        row["incarnation"],
        tuple(map(_read_segment, json.loads(row["segments"]))),
        row["finish"],
    )


def _read_spec(row: Row) -> GeneratorSpec:
    return GeneratorSpec(
        EventSource(
            read_template(row["template"]),
            Stream(int(row["seed"]), row["stream"]),
            EventContext(row["dataset"], row["instance_id"]),
        ),
        read_target(row["target"]),
        shape=read_shape(row["shape"]),
        on_error=OnError(row["on_error"]),
        catch_up=CatchUp(row["catch_up"]),
        engine=row["engine"],
        engine_reason=row["engine_reason"],
        digest=row["digest"],
        explicit_seed=bool(row["explicit_seed"]),
        on_null=OnNull(row["on_null"]),
        faults=read_rules(json.loads(row["faults"])),
        timeline=read_timeline(row["timeline"]),
    )


def _read_position(row: Row) -> Position:
    pairs: list[Mapping[int, int]] = json.loads(row["position_partitions"])
    return Position(
        next=row["position_next"],
        skipped=row["position_skipped"],
        bytes=row["position_bytes"],
        partitions=tuple((pair[0], pair[1]) for pair in pairs),
        dropped=row["position_dropped"],
        cursor=_read_cursor(row["position_cursor"]),
    )


def _read_cursor(text: str | None) -> Cursor | None:
    return None if text is None else read_cursor(json.loads(text))
