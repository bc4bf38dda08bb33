"""Changes as named statements with their values. Pure: it does not use a database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, TypeAlias, assert_never

from eventer.registry.base import (
    Add,
    BeginBindings,
    BeginFingerprint,
    BeginIncarnation,
    BeginSegment,
    Change,
    Remove,
    SetName,
    SetPolicies,
    SetPosition,
    SetState,
)
from eventer.registry.codec import failure_text
from eventer.registry.record_rows import (
    binding_values,
    fingerprint_values,
    position_values,
    record_values,
    segment_values,
)

Statement: TypeAlias = tuple[str, Mapping[str, Any]]

_SQL = files("eventer.registry") / "sql"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def named_queries(file: str) -> Mapping[str, str]:
    """The statements of a file in `sql`, by name."""
    _, *parts = _NAME.split((_SQL / file).read_text("utf-8"))
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def migrations(database: str) -> tuple[str, ...]:
    """The scripts that make the tables of a kind of database, oldest version first."""
    files_by_name = {file.name: file for file in (_SQL / database).iterdir()}
    numbered = sorted(name for name in files_by_name if name[0].isdigit())
    return tuple(files_by_name[name].read_text("utf-8") for name in numbered)


QUERIES: Mapping[str, str] = named_queries("queries.sql")


def statements(change: Change) -> Iterator[Statement]:
    """The statements of a change, in order.

    If `is_current` finds no row, the statements after it do not run.
    """
    match change:
        case Add(record):
            yield "next_incarnation", {"id": str(record.id)}
            yield "add_generator", record_values(record)
            for segment in record.segments:
                yield "add_first_segment", {"id": str(record.id)} | segment_values(segment)
            for begun in record.fingerprints:
                yield "add_first_fingerprint", {"id": str(record.id)} | fingerprint_values(begun)
        case Remove(id_):
            yield "remove_generator", {"id": str(id_)}
        case BeginSegment():
            yield "add_segment", _key(change) | segment_values(change.segment)
            yield "touch_generator", _key(change) | {"at": change.at}
        case SetState():
            failure = failure_text(change.failure)
            yield (
                "set_state",
                _key(change) | {"state": change.state, "failure": failure, "at": change.at},
            )
        case SetName():
            yield "set_name", _key(change) | {"name": change.name, "at": change.at}
        case SetPolicies():
            handling = {"on_error": change.on_error, "catch_up": change.catch_up}
            yield "set_handling", _key(change) | handling | {"at": change.at}
        case SetPosition():
            yield "set_position", _key(change) | position_values(change.position)
        case BeginFingerprint():
            yield "add_fingerprint", _key(change) | fingerprint_values(change.begun)
        case BeginBindings(bindings=bindings):
            for binding in bindings:
                of_name = {"name": binding.name, "first": binding.first}
                yield "drop_later_bindings", _key(change) | of_name
                yield "add_binding", _key(change) | binding_values(binding)
        case BeginIncarnation():
            yield from _begin_incarnation(change)
        case _:
            assert_never(change)


def _begin_incarnation(change: BeginIncarnation) -> Iterator[Statement]:
    key = _key(change)
    yield "is_current", key
    yield "next_incarnation", {"id": key["id"]}
    yield "clear_segments", {"id": key["id"]}
    yield "clear_bindings", {"id": key["id"]}
    yield "keep_last_fingerprint", {"id": key["id"]}
    yield "move_fingerprint_to_zero", {"id": key["id"]}
    yield "add_segment", key | segment_values(change.segment)
    yield "begin_incarnation", key | {"at": change.at}


def _key(
    change: BeginSegment
    | SetState
    | SetName
    | SetPolicies
    | SetPosition
    | BeginFingerprint
    | BeginBindings
    | BeginIncarnation,
) -> dict[str, Any]:
    return {"id": str(change.id), "incarnation": change.incarnation}
