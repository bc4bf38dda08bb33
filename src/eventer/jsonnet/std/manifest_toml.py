"""Objects as TOML: values first, then a section for each object or array of objects."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.escapes import json_quoted
from eventer.jsonnet.std.manifest_json import TextBuilder
from eventer.jsonnet.std.number_text import number_text
from eventer.jsonnet.values import Array, Value, type_name

_BARE = re.compile("[A-Za-z0-9_-]+")
_INDENT: Final = "  "
_Path: TypeAlias = tuple[str, ...]


class _Writer:
    """Writes TOML with one indentation."""

    def __init__(self, call: Call, indent: str) -> None:
        self._call = call
        self._indent = indent
        self._page = TextBuilder(call)

    def table(self, value: Object, path: _Path, indent: str, depth: int) -> str:
        """The fields of an object: plain values, then sections with an empty line before each."""
        depth = self._page.enter_level(depth)
        lines: list[str] = []
        sections = [""]
        for name in value.names():
            field = self._call.field(value, name)
            place = (*path, name)
            if isinstance(field, Object):
                sections.append(self._section(field, place, f"{indent}[{{}}]", indent, depth))
            elif isinstance(field, Array) and self._all_objects(field):
                sections.append(self._sections(field, place, indent, depth))
            else:
                text = self._value(field, place, inline=False, depth=depth)
                lines += self._lines(f"{self._key(name)} = {text}", indent)
        body = f"\n{indent}".join(lines)
        return self._paid((indent if lines else "") + body + "\n\n".join(sections))

    def _lines(self, text: str, indent: str) -> list[str]:
        """The lines of a field; charged."""
        breaks = text.count("\n")
        self._call.meter.charge_elements(breaks)
        self._call.meter.charge_bytes(breaks * len(indent))
        return text.split("\n")

    def _section(self, value: Object, path: _Path, heading: str, indent: str, depth: int) -> str:
        title = self._paid(heading.format(".".join(map(self._key, path))))
        gap = "\n" if value.names() else ""
        return title + gap + self.table(value, path, indent + self._indent, depth)

    def _sections(self, value: Array, path: _Path, indent: str, depth: int) -> str:
        depth = self._page.enter_level(depth)
        heading = f"{indent}[[{{}}]]"
        parts = [
            self._section(self._call.object(self._call.force(t), "t"), path, heading, indent, depth)
            for t in value.items
        ]
        return self._paid("\n\n".join(parts))

    def _all_objects(self, value: Array) -> bool:
        """Whether all elements, at least one, are objects; does not force after another value."""
        for item in value.items:
            if not isinstance(self._call.force(item), Object):
                return False
        return bool(value.items)

    def _value(self, value: Value, path: _Path, *, inline: bool, depth: int) -> str:
        """A value on one line, or an array on several."""
        depth = self._page.enter_level(depth)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return number_text(value)
        if isinstance(value, str):
            return json_quoted(self._call, value)
        if isinstance(value, Array):
            return self._array(value, path, inline=inline, depth=depth)
        if isinstance(value, Object):
            return self._inline_table(value, path, depth)
        raise self._call.error(
            f"{type_name(value)} at {'.'.join(path)} cannot be converted to TOML"
        )

    def _array(self, value: Array, path: _Path, *, inline: bool, depth: int) -> str:
        if not value.items:
            return "[]"
        gap, indent = (" ", "") if inline else ("\n", self._indent)
        items = [
            indent + self._value(self._call.force(item), (*path, str(i)), inline=True, depth=depth)
            for i, item in enumerate(value.items)
        ]
        return self._paid(f"[{gap}{f',{gap}'.join(items)}{gap}]")

    def _inline_table(self, value: Object, path: _Path, depth: int) -> str:
        items = []
        for name in value.names():
            field = self._call.field(value, name)
            text = self._value(field, (*path, name), inline=True, depth=depth)
            items.append(f"{self._key(name)} = {text}")
        return self._paid("{ " + ", ".join(items) + " }")

    def _key(self, name: str) -> str:
        """A key, in quotes if necessary."""
        if not name:
            return "''"
        self._call.meter.charge_reading(len(name))
        return self._paid(name) if _BARE.fullmatch(name) else json_quoted(self._call, name)

    def _paid(self, text: str) -> str:
        self._call.meter.charge_bytes(len(text))
        self._call.meter.charge_copying(len(text))
        return text


def _manifest(call: Call, value: Value, indent: str) -> Value:
    if not isinstance(value, Object):
        raise call.error(f"a TOML document must be an object, got {type_name(value)}")
    return _Writer(call, indent).table(value, (), "", 0)


@function("manifestTomlEx", strict("value"), strict("indent"))
def manifest_toml_ex(call: Call, value: Value, indent: Value) -> Value:
    """TOML with a given indentation."""
    return _manifest(call, value, call.string(indent, "indent"))


@function("manifestToml", strict("value"))
def manifest_toml(call: Call, value: Value) -> Value:
    """TOML indented by two spaces."""
    return _manifest(call, value, _INDENT)
