"""Values as INI files, Python expressions and XML."""

from __future__ import annotations

from typing import Final

from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.arrays import joined_text
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.escapes import json_escaped
from eventer.jsonnet.std.manifest_json import TextBuilder, ValueLayout, ValueWriter
from eventer.jsonnet.std.number_text import number_text
from eventer.jsonnet.values import Array, Value


@function("manifestIni", strict("ini"))
def manifest_ini(call: Call, value: Value) -> Value:
    """An INI file: `main` without a heading, then the `sections`."""
    ini = call.object(value, "ini")
    page = TextBuilder(call)
    if ini.has("main", hidden=False):
        _ini_lines(call, page, call.field(ini, "main"))
    sections = call.object(call.field(ini, "sections"), "sections")
    for name in sections.names():
        page.write(f"[{name}]\n")
        _ini_lines(call, page, call.field(sections, name))
    return page.text()


def _ini_lines(call: Call, page: TextBuilder, value: Value) -> None:
    """One line per field; a field with an array has one line per element."""
    body = call.object(value, "a section")
    for name in body.names():
        field = call.field(body, name)
        for item in field if isinstance(field, Array) else (field,):
            page.write(f"{name} = {call.to_string(item)}\n")


@function("manifestPython", strict("v"))
def manifest_python(call: Call, value: Value) -> Value:
    """A Python expression."""
    return _python(call, value)


@function("manifestPythonVars", strict("conf"))
def manifest_python_vars(call: Call, value: Value) -> Value:
    """A Python assignment for each field."""
    conf = call.object(value, "conf")
    page = TextBuilder(call)
    for name in conf.names():
        page.write(f"{name} = {_python(call, call.field(conf, name))}\n")
    return page.text()


def _python_scalar(call: Call, value: Value) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float):
        return number_text(value)
    raise call.error("a function cannot be converted to Python", hint="did you mean to call it?")


_PYTHON: Final = ValueLayout("", "", ": ", ", ", json_escaped, _python_scalar)


def _python(call: Call, value: Value) -> str:
    return ValueWriter(call, _PYTHON).text(value)


@function("manifestXmlJsonml", strict("value"))
def manifest_xml_jsonml(call: Call, value: Value) -> Value:
    """XML of JSONML: `[tag, {attributes}, children…]`, without escapes."""
    page = TextBuilder(call)
    _write_element(call, page, call.array(value, "value"), 0)
    return page.text()


def _write_element(call: Call, page: TextBuilder, element: Array, depth: int) -> None:
    depth = page.enter_level(depth)
    if not element.items:
        raise call.error("an element needs a tag: [tag, {attributes}, children…]")
    tag = joined_text(call, element[0])
    page.write("<" + tag)
    children = 1
    if len(element) > 1:
        attributes = element[1]
        if isinstance(attributes, Object):
            children = 2
            for name in attributes.names():
                page.write(f' {name}="{call.to_string(call.field(attributes, name))}"')
    page.write(">")
    for item in element.items[children:]:
        child = call.force(item)
        if isinstance(child, str):
            page.write(child)
        else:
            _write_element(call, page, call.array(child, "a child"), depth)
    page.write(f"</{tag}>")
