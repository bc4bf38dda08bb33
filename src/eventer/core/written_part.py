"""The part of an event that is written, as values of JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from eventer.core.model import JsonValue, WrittenPart
from eventer.core.pointer import ABSENT, parse_pointer, resolve

OmittedFields: TypeAlias = Mapping[str, "OmittedFields | None"]
"""The fields that are left out of an object; of those with a value, only these fields of theirs."""


def option_tokens(option: str) -> tuple[str, ...]:
    """The reference tokens of an option: a JSON pointer, or the name of a top-level field.

    Raises:
        RequestError: see `parse_pointer`.
    """
    return parse_pointer(option) or (option,)


def value_tokens(part: WrittenPart) -> tuple[str, ...]:
    """The reference tokens of the written part; none for the whole event."""
    return () if part.value is None else option_tokens(part.value)


def omitted_fields(part: WrittenPart) -> OmittedFields:
    """The fields that are left out of the written part."""
    fields: dict[str, OmittedFields | None] = {}
    for option in sorted(part.omit, key=lambda each: len(option_tokens(each))):
        _omit(fields, option_tokens(option))
    return fields


def _omit(fields: dict[str, OmittedFields | None], tokens: tuple[str, ...]) -> None:
    """Adds a field, unless a shorter pointer leaves it out already."""
    name, rest = tokens[0], tokens[1:]
    if not rest:
        fields[name] = None
    elif (inner := fields.setdefault(name, {})) is not None:
        assert isinstance(inner, dict)
        _omit(inner, rest)


def is_written(tokens: tuple[str, ...], part: WrittenPart) -> bool:
    """Whether a field of the event, by its reference tokens, is within the written part."""
    value = value_tokens(part)
    omitted: OmittedFields | None = omitted_fields(part)
    for token in tokens[len(value) :]:
        if not omitted or token not in omitted:
            break
        omitted = omitted[token]
        if omitted is None:
            return False
    return tokens[: len(value)] == value


def written_value(event: JsonValue, part: WrittenPart) -> JsonValue:
    """The written part of an event; null if the event has no such field."""
    found = resolve(event, value_tokens(part))
    if found is ABSENT:
        return None
    return without_fields(found, omitted_fields(part))  # type: ignore[arg-type]  # is not ABSENT


def without_fields(value: JsonValue, omitted: OmittedFields) -> JsonValue:
    """A value without the omitted fields; only objects have fields."""
    if not omitted or not isinstance(value, Mapping):
        return value
    return {
        name: without_fields(field, omitted.get(name) or {})
        for name, field in value.items()
        if name not in omitted or omitted[name] is not None
    }
