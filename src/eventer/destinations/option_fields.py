"""The fields that options of a target and faults name, and whether events have them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.core.fault_rules import FaultRule
from eventer.core.model import EventShape, ServiceTarget, Target
from eventer.core.pointer import format_pointer
from eventer.core.suggestions import did_you_mean
from eventer.core.written_part import is_written, option_tokens
from eventer.destinations.kind import destination_kind

_NOT_OBJECTS: Final = "the events are not objects"
_TIMESTAMP_HINT: Final = "convert them to milliseconds, or use a text such as 2021-12-31T23:59:59Z"
_EFFECTS: Final = {
    "key": "records get no key",
    "partition": "records go to the partition of their key or index",
    "timestamp": "records get the scheduled time",
    "headers": "the header gets no value",
    "partition_by": "all events go to the folder of null",
    "value": "null is written",
    "op": "all events are upserts",
    "faults": "the fault does not change it",
}


def check_option_fields(shape: EventShape, target: Target, part: EventShape | None = None) -> None:
    """Checks what is known of events, and of `value` with all its fields, in advance.

    Raises:
        DestinationRejectedError: an option names a field that no event has.
    """
    for option, field in _option_fields(target):
        _check_field(option, field, shape)
    if part is None and target.value is None:
        part = shape
    if part is not None:
        for field in target.omit:
            _check_field("omit", field, part)


def _check_field(option: str, field: str, shape: EventShape) -> None:
    names = [column.name for column in shape.columns]
    top = option_tokens(field)[0]
    if shape.is_object is False and not top.isdecimal():
        what = "what is written is not an object" if option == "omit" else _NOT_OBJECTS
        raise DestinationRejectedError(f"`{option}` names the field {field!r}, but {what}")
    if shape.is_object is not False and not shape.open and top not in names:
        whose = "what is written" if option == "omit" else "the template"
        raise DestinationRejectedError(
            f"`{option}` names the field {field!r}, which is not a field of {whose}",
            hint=did_you_mean(top, names),
        )


def absent_fields(
    shape: EventShape,
    target: Target,
    has_value: Callable[[str], bool],
    rules: Sequence[FaultRule] = (),
) -> tuple[str, ...]:
    """The fields that no event of a sample has, and that are not known in advance.

    `has_value` says of a JSON pointer whether an event of the sample has a value there.
    """
    names = {column.name for column in shape.columns}
    return tuple(
        field
        for _, field in _named_fields(target, rules)
        if option_tokens(field)[0] not in names or len(option_tokens(field)) > 1
        if not has_value(format_pointer(option_tokens(field)))
    )


def option_warnings(
    shape: EventShape, target: Target, rules: Sequence[FaultRule] = ()
) -> Iterator[tuple[str, str | None]]:
    """A message, and perhaps a hint, for each option whose field is in `shape.absent`.

    Likewise for a timestamp in another unit than milliseconds. Faults may also name fields that the
    target does not write.
    """
    if shape.timestamp_unit is not None:
        message = f"the values of `timestamp` look like {shape.timestamp_unit} since 1970"
        yield f"{message}, but are taken for milliseconds", _TIMESTAMP_HINT
    names = [column.name for column in shape.columns]
    for option, field in _named_fields(target, rules):
        if field in shape.absent:
            message = f"`{option}` names the field {field!r}, which none of the first events has"
            effect = _EFFECTS.get(option.partition(".")[0], "the option has no value")
            top = option_tokens(field)[0]
            hint = None if top in names else did_you_mean(top, names)
            yield f"{message}: {effect}", hint
        elif option == "faults" and not is_written(option_tokens(field), target.part):
            yield f"`{option}` names the field {field!r}, which is not written", None


def _named_fields(target: Target, rules: Sequence[FaultRule]) -> Iterator[tuple[str, str]]:
    """Each option that names a field of the event, and the field; those of faults only once."""
    yield from _option_fields(target)
    for field in dict.fromkeys(field for rule in rules for field in rule.fields):
        yield "faults", field


def _option_fields(target: Target) -> Iterator[tuple[str, str]]:
    """Each option of a target that names a field of the event, and the field."""
    if isinstance(target, ServiceTarget):
        yield from destination_kind(target.kind).named_fields(target)
    if target.value is not None:
        yield "value", target.value
    if target.op is not None:
        yield "op", target.op
