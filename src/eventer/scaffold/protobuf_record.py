"""Records from Protobuf files: the messages and enums of one file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from dataclasses import field as value
from typing import Final

from eventer.core.errors import RequestError
from eventer.scaffold.record import Choice, Field, FieldType, Items, ObjectFields, Record

_STRING: Final = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_COMMENT: Final = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD: Final = re.compile(rf"{_STRING}|[\w.]+|[{{}}<>=;,\[\]()-]")
_INTEGERS: Final = "int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64"
_TYPES: Final = {
    **dict.fromkeys(_INTEGERS.split(), FieldType.INTEGER),
    "double": FieldType.NUMBER,
    "float": FieldType.NUMBER,
    "bool": FieldType.BOOLEAN,
    "string": FieldType.TEXT,
    "bytes": FieldType.BYTES,
    "google.protobuf.Timestamp": FieldType.TIMESTAMP,
    "google.protobuf.StringValue": FieldType.TEXT,
    "google.protobuf.Int32Value": FieldType.INTEGER,
    "google.protobuf.Int64Value": FieldType.INTEGER,
    "google.protobuf.DoubleValue": FieldType.NUMBER,
    "google.protobuf.BoolValue": FieldType.BOOLEAN,
}
_STATEMENTS: Final = frozenset("syntax package import option reserved extensions edition".split())
_LABELS: Final = frozenset(("repeated", "optional", "required"))
_MAX_DEPTH: Final = 8
_ABSENT: Final = 0.1


@dataclass(slots=True)
class _Message:
    """A message: its fields as label, type and name; those of a oneof have its name as label."""

    fields: list[tuple[str, str, str]] = value(default_factory=list)


class _ProtoParser:
    """Collects the messages and enums of a file by their names."""

    def __init__(self, text: str, source: str) -> None:
        self._words: list[str] = _WORD.findall(_COMMENT.sub(r"\1 ", text))
        self._at = 0
        self._source = source
        self.messages: dict[str, _Message] = {}
        self.enums: dict[str, list[str]] = {}

    def parse(self) -> None:
        while self._at < len(self._words):
            match self._next():
                case "message":
                    self._message(self._next())
                case "enum":
                    self._enum()
                case ";":
                    pass
                case _:
                    self._skip()

    def _next(self) -> str:
        if self._at >= len(self._words):
            raise RequestError(f"{self._source} is not a valid Protobuf file: it ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def _skip(self) -> None:
        """Skips a statement, or a block."""
        depth = 0
        while (word := self._next()) != ";" or depth:
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(word, 0)
            if word == "}" and not depth:
                return

    def _message(self, name: str) -> None:
        message = self.messages.setdefault(name, _Message())
        self._next()
        while (word := self._next()) != "}":
            match word:
                case "message":
                    self._message(self._next())
                case "enum":
                    self._enum()
                case "oneof":
                    self._oneof(message)
                case ";":
                    pass
                case _ if word in _STATEMENTS or word == "extend":
                    self._skip()
                case _:
                    self._field(message, word, "")

    def _oneof(self, message: _Message) -> None:
        label = f"oneof {self._next()}"
        self._next()
        while (word := self._next()) != "}":
            if word == "option":
                self._skip()
            else:
                self._field(message, word, label)

    def _field(self, message: _Message, first: str, label: str) -> None:
        if first in _LABELS:
            label, first = first, self._next()
        if first == "map":
            self._next()
            self._next()
            self._next()
            label, first = "map", self._next()
            self._next()
        message.fields.append((label, first.removeprefix("."), self._next()))
        self._skip()

    def _enum(self) -> None:
        labels = self.enums.setdefault(self._next(), [])
        self._next()
        while (word := self._next()) != "}":
            if word not in _STATEMENTS and word != ";":
                labels.append(word)
            if word != ";":
                self._skip()


def protobuf_record(text: str, source: str, message: str | None = None) -> Record:
    """The record of a message; by default of the last one to which no other refers.

    Raises:
        RequestError: the file is not valid, or does not have the message.
    """
    parser = _ProtoParser(text, source)
    parser.parse()
    if not parser.messages:
        raise RequestError(f"{source} has no messages")
    used = {_short(type_) for each in parser.messages.values() for _, type_, _ in each.fields}
    unused = [name for name in parser.messages if name not in used]
    chosen = message or (unused or list(parser.messages))[-1]
    if chosen not in parser.messages:
        names = ", ".join(parser.messages)
        raise RequestError(f"{source} has no message {chosen!r}; it has {names}")
    return Record(chosen, f"message {chosen} of {source}", _fields(parser, chosen, ()))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _fields(parser: _ProtoParser, message: str, above: tuple[str, ...]) -> tuple[Field, ...]:
    """The fields of a message, which is in those above."""
    fields, given = [], set[str]()
    for label, type_, name in parser.messages[message].fields:
        if label.startswith("oneof"):
            if label in given:
                continue  # the first field of a oneof is set
            given.add(label)
        fields.append(_field(parser, label, type_, name, (*above, message)))
    return tuple(fields)


def _field(
    parser: _ProtoParser, label: str, type_: str, name: str, above: tuple[str, ...]
) -> Field:
    one = _typed(parser, type_, name, above)
    if label == "repeated":
        return Field(name, FieldType.ARRAY, Items(replace(one, name=name.removesuffix("s"))))
    if label == "map":
        return Field(name, FieldType.OBJECT, ObjectFields((replace(one, name="key"),)))
    if label.startswith("oneof"):
        return replace(one, notes=(*one.notes, f"The first field of {label}."))
    return replace(one, absent_share=_ABSENT) if label == "optional" else one


def _typed(parser: _ProtoParser, type_: str, name: str, above: tuple[str, ...]) -> Field:
    if type_ in _TYPES:
        return Field(name, _TYPES[type_])
    short = _short(type_)
    if labels := parser.enums.get(short):
        known = [label for label in labels if not label.endswith("UNSPECIFIED")]
        return Field(name, FieldType.TEXT, Choice(tuple(known or labels)))
    if short in above or (short in parser.messages and len(above) > _MAX_DEPTH):
        return Field(name, FieldType.ANY, notes=(f"The fields of {short} are left out here.",))
    if short in parser.messages:
        return Field(name, FieldType.OBJECT, ObjectFields(_fields(parser, short, above)))
    return Field(name, FieldType.ANY, notes=(f"Type {type_} is not in this file.",))
