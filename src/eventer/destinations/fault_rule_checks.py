"""Whether a destination can take the faults that events get on purpose. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from eventer.core.errors import Fault
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import ColumnType, EventShape, KafkaTarget, PostgresTarget, Target
from eventer.core.pointer import format_pointer
from eventer.core.suggestions import did_you_mean
from eventer.core.written_part import option_tokens, value_tokens

_CORRUPTIBLE: Final = frozenset({ColumnType.TEXT, ColumnType.JSONB})
"""Types of columns that take corrupted values; the server refuses them in others."""
_UNTYPED: Final = frozenset({FaultKind.CORRUPT, FaultKind.MALFORMED})


def fault_rule_errors(
    rules: Sequence[FaultRule],
    target: Target,
    shape_at: Callable[[Sequence[str]], EventShape],
    part: EventShape,
) -> Iterator[Fault]:
    """What is wrong with rules, by pointers in the list of rules.

    `shape_at` is the shape of the values that reference tokens refer to in events, `part` that of
    what the target writes.
    """
    for number, rule in enumerate(rules):
        yield from _rule_errors(number, rule, target)
        if isinstance(target, KafkaTarget):
            yield from _format_errors(number, rule, target)
        for position, field in enumerate(rule.fields):
            pointer = format_pointer([number, "fields", position])
            tokens = option_tokens(field)
            yield from _field_errors(pointer, field, tokens, shape_at)
            yield from _part_errors(pointer, tokens, target)
            if isinstance(target, KafkaTarget) and rule.kind is FaultKind.CORRUPT:
                yield from _key_errors(pointer, tokens, target)
            if target.has_columns:
                yield from _column_errors(pointer, rule.kind, tokens, target, part)


def _rule_errors(number: int, rule: FaultRule, target: Target) -> Iterator[Fault]:
    """What only some kinds of destinations can take."""
    if rule.kind is FaultKind.MALFORMED and target.has_columns:
        yield Fault(
            format_pointer([number, "kind"]),
            "`malformed` needs a topic: columns take no value that is not JSON",
            "use `corrupt` with fields of type text or jsonb",
        )
    if rule.label is not None and not target.has_headers:
        yield Fault(
            format_pointer([number, "label"]),
            "`label` needs a topic: only Kafka records have headers",
            "remove `label`; `eventer faults` lists the events with faults",
        )


def _format_errors(number: int, rule: FaultRule, target: KafkaTarget) -> Iterator[Fault]:
    if target.format == "json" or rule.kind not in _UNTYPED:
        return
    kind = rule.kind.value
    yield Fault(
        format_pointer([number, "kind"]),
        f"`{kind}` needs the format json: no schema has a type for such a value",
        "use `null` or `missing`, or the format json",
    )


def _key_errors(pointer: str, tokens: tuple[str, ...], target: KafkaTarget) -> Iterator[Fault]:
    """A field of the key that is corrupted, although the key has a schema."""
    if target.key is None or target.key_format == "json":
        return
    key = option_tokens(target.key)
    depth = min(len(key), len(tokens))
    if key[:depth] == tokens[:depth]:
        yield Fault(
            pointer,
            "a corrupted key needs the key format json: no schema has a type for such a value",
            "name other fields, or use the key format json",
        )


def _field_errors(
    pointer: str,
    field: str,
    tokens: Sequence[str],
    shape_at: Callable[[Sequence[str]], EventShape],
) -> Iterator[Fault]:
    """A field that no event has, as far as that is known in advance."""
    for depth, token in enumerate(tokens):
        shape = shape_at(tokens[:depth])
        names = [column.name for column in shape.columns]
        if shape.is_object is False and not token.isdecimal():
            owner = f"{format_pointer(tokens[:depth])} is not an object"
            message = f"{field!r} is a field, but "
            yield Fault(pointer, message + (owner if depth else "the events are not objects"))
            return
        if shape.is_object is not False and not shape.open and token not in names:
            message = f"{field!r} is not a field of the template"
            yield Fault(pointer, message, did_you_mean(token, names))
            return


def _part_errors(pointer: str, tokens: tuple[str, ...], target: Target) -> Iterator[Fault]:
    part = value_tokens(target.part)
    if len(tokens) <= len(part) and part[: len(tokens)] == tokens:
        yield Fault(
            pointer,
            f"{format_pointer(tokens)} has all that is written (`value`)",
            "name a field within it, or use `drop`",
        )


def _column_errors(
    pointer: str, kind: FaultKind, tokens: tuple[str, ...], target: Target, part: EventShape
) -> Iterator[Fault]:
    """A field that is a column of the upsert key, or of a type that rejects the fault."""
    depth = len(value_tokens(target.part))
    if tokens[:depth] != value_tokens(target.part) or len(tokens) <= depth:
        return
    name = tokens[depth]
    types = {column.name: column.type for column in part.columns}
    key = _key_columns(target)
    if name in key:
        yield Fault(
            pointer,
            f"{name!r} is a column of the upsert key, which must stay as it is",
            "name other fields",
        )
    elif kind is FaultKind.CORRUPT and types.get(name, ColumnType.JSONB) not in _CORRUPTIBLE:
        yield Fault(
            pointer,
            f"the column {name!r} is {types[name].value}, which takes no corrupted value",
            "use `null` or `missing`, or a field of type text or jsonb",
        )


def _key_columns(target: Target) -> tuple[str, ...]:
    """The columns that rows are upserted by."""
    from eventer.destinations.postgres.match_schema import DEFAULT_KEY

    if not isinstance(target, PostgresTarget):
        return ()
    return (DEFAULT_KEY,) if target.key is None else target.key
