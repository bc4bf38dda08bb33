"""Values as JSON texts: `std.manifestJson`, `manifestJsonEx` and `manifestJsonMinified`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.arguments import enter_level
from eventer.jsonnet.std.declarations import Call, function, optional, strict
from eventer.jsonnet.std.escapes import go_json_escaped
from eventer.jsonnet.std.number_text import shortest_text
from eventer.jsonnet.values import Array, Value


class TextBuilder:
    """Builds a text; every piece is charged in advance and costs a step."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._pieces: list[str] = []

    def write(self, text: str) -> None:
        """Adds a piece."""
        self.call.meter.charge_steps(1)
        self.call.meter.charge_bytes(len(text))
        self._pieces.append(text)

    def quote(self, text: str, escaped: Callable[[str], str]) -> None:
        """Adds a string in double quotes."""
        self._pieces.append('"')
        for piece in self.call.meter.charged_pieces(text):
            self.write(escaped(piece))
        self._pieces.append('"')

    def text(self) -> str:
        """All pieces."""
        return "".join(self._pieces)

    def enter_level(self, depth: int) -> int:
        """Enters a level of nesting; refuses one that is too deep."""
        return enter_level(self.call, depth)


def json_primitive(call: Call, value: Value) -> str:
    """The JSON text of null, a boolean or a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest_text(value)
    raise call.error("a function cannot be converted to JSON", hint="did you mean to call it?")


@dataclass(frozen=True, slots=True)
class ValueLayout:
    """The layout of values; `primitive` writes null, booleans and numbers."""

    indent: str
    newline: str
    separator: str
    comma: str = ","
    escaped: Callable[[str], str] = go_json_escaped
    primitive: Callable[[Call, Value], str] = json_primitive


class ValueWriter:
    """Writes values in one layout."""

    def __init__(self, call: Call, layout: ValueLayout) -> None:
        self._call = call
        self._page = TextBuilder(call)
        self._layout = layout

    def text(self, value: Value) -> str:
        """The text of a value."""
        self._write(value, "", 0)
        return self._page.text()

    def _write(self, value: Value, indent: str, depth: int) -> None:
        if isinstance(value, Array):
            self._array(value, indent, self._page.enter_level(depth))
        elif isinstance(value, Object):
            self._object(value, indent, self._page.enter_level(depth))
        elif isinstance(value, str):
            self._page.quote(value, self._layout.escaped)
        else:
            self._page.write(self._layout.primitive(self._call, value))

    def _array(self, value: Array, indent: str, depth: int) -> None:
        inner = indent + self._layout.indent
        before = "[" + self._layout.newline
        for item in value.items:
            self._page.write(before + inner)
            before = self._layout.comma + self._layout.newline
            self._write(self._call.force(item), inner, depth)
        opening = "" if value.items else before
        self._page.write(f"{opening}{self._layout.newline}{indent}]")

    def _object(self, value: Object, indent: str, depth: int) -> None:
        inner = indent + self._layout.indent
        before = "{" + self._layout.newline
        names = value.names()
        for name in names:
            self._page.write(before + inner)
            self._page.quote(name, self._layout.escaped)
            self._page.write(self._layout.separator)
            before = self._layout.comma + self._layout.newline
            self._write(self._call.field(value, name), inner, depth)
        opening = "" if names else before
        self._page.write(f"{opening}{self._layout.newline}{indent}}}")


@function(
    "manifestJsonEx",
    strict("value"),
    strict("indent"),
    optional("newline", "\n"),
    optional("key_val_sep", ": "),
)
def manifest_json_ex(
    call: Call, value: Value, indent: Value, newline: Value, separator: Value
) -> Value:
    """JSON with a given indentation, line break and separator."""
    layout = ValueLayout(
        call.string(indent, "indent"),
        call.string(newline, "newline"),
        call.string(separator, "key_val_sep"),
    )
    return ValueWriter(call, layout).text(value)


@function("manifestJson", strict("value"))
def manifest_json(call: Call, value: Value) -> Value:
    """JSON indented by four spaces."""
    return ValueWriter(call, ValueLayout("    ", "\n", ": ")).text(value)


@function("manifestJsonMinified", strict("value"))
def manifest_json_minified(call: Call, value: Value) -> Value:
    """JSON without white space."""
    return ValueWriter(call, ValueLayout("", "", ":")).text(value)
