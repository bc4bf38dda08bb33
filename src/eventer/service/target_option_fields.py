"""The options of a target as fields of a form, from the specification of its kind. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pydantic import ValidationError

from eventer.core.errors import Fault, RequestError
from eventer.core.model import ServiceTarget
from eventer.core.pointer import format_pointer
from eventer.core.validation_text import validation_message
from eventer.destinations.kind import destination_kind

EntryKind: TypeAlias = Literal["text", "list", "pairs", "number", "choice", "document"]
_CONNECTION = "connection"
_ENTRY_KINDS: Mapping[str, EntryKind] = {
    "array": "list", "object": "pairs", "integer": "number", "number": "number",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TargetOption:
    """An option of a target. The first one of a kind is the target's location.

    `entry` says what a reader enters: a text, texts, pairs `NAME=VALUE`, a number, one of the
    `choices`, or a document: a text of many lines, which requests have as `{"text": …}`.
    """

    name: str
    description: str
    entry: EntryKind
    default: Any
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.name.replace("_", " ").capitalize()


def kind_title(kind: str) -> str:
    """What a target of this kind is called, as `Kafka topic`."""
    return destination_kind(kind).title or kind


def target_options(kind: str) -> tuple[TargetOption, ...]:
    """The options of a kind in the order of its specification, without the connection."""
    options = destination_kind(kind).target_options().model_json_schema()
    definitions = options.get("$defs", {})
    return tuple(
        _option(name, schema, list(_forms(schema, definitions)))
        for name, schema in options["properties"].items()
        if name != _CONNECTION
    )


def _option(
    name: str, schema: Mapping[str, Any], forms: Sequence[Mapping[str, Any]]
) -> TargetOption:
    choices = next((each["enum"] for each in forms if "enum" in each), ())
    found = map(_entry, forms)
    entry: EntryKind = "choice" if choices else next(filter(None, found), "text")
    description = schema.get("description", "")
    return TargetOption(name, description, entry, schema.get("default"), tuple(choices))


def _entry(form: Mapping[str, Any]) -> EntryKind | None:
    if "text" in form.get("properties", ()):
        return "document"
    return _ENTRY_KINDS.get(form.get("type", ""))


def _forms(
    schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The schemas of the values that an option can have, also within others, except null."""
    if "$ref" in schema:
        yield from _forms(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _forms(each, definitions)
    elif schema.get("type") != "null":
        yield schema


def target_of(kind: str, connection: str, entered: Mapping[str, object]) -> ServiceTarget:
    """The target with these options; empty ones are not set.

    Pairs are texts `NAME=VALUE, …`, and documents are texts; of the other options, the values are
    as in requests.

    Raises:
        RequestError: an option is not valid.
    """
    given = {
        option.name: _requested(option, value)
        for option in target_options(kind)
        if (value := entered.get(option.name)) not in (None, "", [])
    }
    try:
        body = (
            destination_kind(kind)
            .target_options()
            .model_validate(given | {_CONNECTION: connection})
        )
    except ValidationError as error:
        raise RequestError.of(tuple(_faults(error))) from error
    return body.target()


def _requested(option: TargetOption, entered: object) -> object:
    """An entered value as in a request; forms give whole numbers as floats."""
    match option.entry, entered:
        case "pairs", _:
            return _pairs(option.name, entered)
        case "document", _:
            return {"text": entered}
        case "number", float() if entered.is_integer():
            return int(entered)
        case _:
            return entered


def _pairs(option: str, value: object) -> dict[str, str]:
    pairs = [part.partition("=") for part in str(value).split(",") if part.strip()]
    if not all(name.strip() and sign for name, sign, _ in pairs):
        fault = Fault(f"/{option}", "must be pairs", "write them as `NAME=VALUE, NAME=VALUE`")
        raise RequestError.of((fault,))
    return {name.strip(): text.strip() for name, _, text in pairs}


def _faults(error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        yield Fault(format_pointer(detail["loc"]), validation_message(dict(detail)))
