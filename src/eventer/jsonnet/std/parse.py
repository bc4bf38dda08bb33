"""Values read from JSON and YAML texts."""

from __future__ import annotations

from typing import Final

from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.json_reader import parse_json
from eventer.jsonnet.values import Value

_VALUE_STARTS: Final = '",[{'
"""A JSON text has at most one value more than it has of these characters."""


@function("parseJson", strict("str"))
def parse_json_text(call: Call, text: Value) -> Value:
    """The value of a JSON text."""
    string = call.string(text, "str")
    call.meter.charge_bytes(len(string))
    call.meter.charge_reading(len(string))
    call.meter.charge_steps(sum(map(string.count, _VALUE_STARTS)))
    return call.from_json(parse_json(string))


@function("parseYaml", strict("str"))
def parse_yaml_text(call: Call, text: Value) -> Value:
    """The value of a YAML text; an array if the text is a stream of documents."""
    from eventer.jsonnet.std.yaml_values import parse_yaml

    string = call.string(text, "str")
    call.meter.charge_bytes(len(string))
    call.meter.charge_steps(len(string))
    return call.from_json(parse_yaml(string, call.meter.charge_elements, call.meter.charge_steps))
