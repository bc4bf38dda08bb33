"""The fields that the options of a topic name, and whether events have them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import EventShape, KafkaTarget
from eventer.core.pointer import format_pointer, parse_pointer
from eventer.core.suggestions import did_you_mean

_EFFECTS: Final = {
    "key": "records get no key",
    "partition": "records go to the partition of their key or index",
    "timestamp": "records get the scheduled time",
    "headers": "the header gets no value",
}


def check_option_fields(shape: EventShape, target: KafkaTarget) -> None:
    """Checks what is known of events in advance.

    Raises:
        DestinationRejectedError: an option names a field that no event has.
    """
    names = [column.name for column in shape.columns]
    for option, field in _named_fields(target):
        top = _tokens(field)[0]
        if shape.is_object is False and not top.isdecimal():
            raise DestinationRejectedError(
                f"`{option}` names the field {field!r}, but the events are not objects"
            )
        if shape.is_object is not False and not shape.open and top not in names:
            raise DestinationRejectedError(
                f"`{option}` names the field {field!r}, which is not a field of the template",
                hint=did_you_mean(top, names),
            )


def absent_fields(
    shape: EventShape, target: KafkaTarget, has_value: Callable[[str], bool]
) -> tuple[str, ...]:
    """The fields that no event of a sample has, and that are not known in advance.

    `has_value` says of a JSON pointer whether an event of the sample has a value there.
    """
    names = {column.name for column in shape.columns}
    return tuple(
        field
        for _, field in _named_fields(target)
        if _tokens(field)[0] not in names or len(_tokens(field)) > 1
        if not has_value(format_pointer(_tokens(field)))
    )


def option_warnings(shape: EventShape, target: KafkaTarget) -> Iterator[tuple[str, str | None]]:
    """A message, and perhaps a hint, for each option whose field is in `shape.absent`."""
    names = [column.name for column in shape.columns]
    for option, field in _named_fields(target):
        if field in shape.absent:
            message = f"`{option}` names the field {field!r}, which none of the first events has"
            others = [name for name in names if name != field]
            effect = _EFFECTS[option.partition(".")[0]]
            yield f"{message}: {effect}", did_you_mean(_tokens(field)[0], others)


def _named_fields(target: KafkaTarget) -> Iterator[tuple[str, str]]:
    """Each option that names a field, and the field."""
    for option in ("key", "partition", "timestamp"):
        if (field := getattr(target, option)) is not None:
            yield option, field
    for name, field in target.headers:
        yield f"headers.{name}", field


def _tokens(field: str) -> tuple[str, ...]:
    """The reference tokens of an option: a JSON pointer, or the name of a top-level field."""
    return parse_pointer(field) or (field,)
