"""Samples and schemas with unusual values: a template that runs, or an error that says why not."""

import json

import pytest

import eventer
from eventer.core.errors import RequestError
from eventer.service.template_sources import template_of_sample, template_of_schema


def _events_of_sample(text: str):
    (template,) = template_of_sample(text, "s", "s.ndjson", keep_values=False).templates
    return eventer.Template(template.text, seed=7).events(5)


@pytest.mark.parametrize(
    "number", ["1e400", "1e300", "-1.7e308", "1" + "0" * 400, "9223372036854775807", "1e-12"]
)
def test_numbers_of_any_size(number):
    assert len(_events_of_sample(f'{{"a": {number}}}\n{{"a": 1.5}}\n{{"a": 2e-9}}')) == 5
    assert len(_events_of_sample(f'{{"a": {number}}}\n{{"a": 1}}')) == 5


def test_small_skewed_numbers():
    text = "\n".join(json.dumps({"a": 1e-9 * 10 ** (n % 5)}) for n in range(50))
    assert all(0 < event["a"] <= 1e-5 for event in _events_of_sample(text))


@pytest.mark.parametrize(
    "day", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"]
)
def test_the_first_and_the_last_day(day):
    assert all(event["d"][:4] == day[:4] for event in _events_of_sample(json.dumps({"d": day})))


def test_line_separators_within_texts_end_no_line():
    assert len(_events_of_sample('{"a": "x\u2028y"}\n{"a": "z\x85"}')) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": NaN}', "line 2 is not valid JSON: NaN"),
        ('{"a\\ud800": 1}', "line 1 contains an unpaired surrogate"),
        ("[" * 100_000, "too many nested arrays"),
    ],
)
def test_errors_of_samples(text, message):
    with pytest.raises(RequestError, match=message):
        _events_of_sample(text)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("s.json", {"type": "object", "properties": [1]}),
        ("s.json", {"type": "integer", "minimum": "x"}),
        ("s.json", {"allOf": 5}),
        ("s.avsc", {"type": "R", "name": "R"}),
        ("s.avsc", {"type": "long", "logicalType": ["x"]}),
    ],
)
def test_errors_of_schemas(name, schema):
    with pytest.raises(RequestError, match=f"{name} is not a valid"):
        template_of_schema(json.dumps(schema), "s", name)


def test_integers_of_a_json_schema_are_whole():
    schema = {"type": "integer", "minimum": 0.5, "maximum": 1.5}
    (template,) = template_of_schema(json.dumps(schema), "s", "s.json").templates
    assert eventer.Template(template.text).events(3) == [1, 1, 1]


def test_protobuf_options_and_messages_that_contain_themselves():
    text = """
    syntax = "proto3";
    option (docs) = { url: "https://example.com/a" };
    message Tree {
      int32 id = 1 [(validate.rules).int32 = {gt: 0, lt: 5}];
      string name = 2 [default = "//"];
      Tree left = 3;
      repeated Tree others = 4;
      map<string, Tree> named = 5;
    }
    """
    (template,) = template_of_schema(text, "s", "s.proto").templates
    event = eventer.Template(template.text).events(1)[0]
    assert list(event) == ["id", "left", "name", "named", "others"]
    assert event["left"] is None
    assert "The fields of Tree are left out here." in template.text
