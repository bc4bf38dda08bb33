"""JSON Schema of values, and the header of its records."""

import json

import jsonschema_rs
import numpy as np

from eventer.core.model import EventContext, Stream, Template, WrittenPart
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder, formatted_schema
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.plan.prepare import prepare

TEMPLATE = """
local one_of = std.native('get_one_of');
{
  id: std.native('get_uuid')(),
  at: std.native('get_now')(),
  status: one_of('new, paid'),
  mixed: one_of([1, 'a', null, [true]]),
  [if one_of([true, false]) then 'note']: 'é',
  more: { ['k%d' % n]: n for n in [std.native('get_integer')(1, 3)] },
}
"""


def test_events_fit_their_schema_and_follow_the_header():
    prepared = prepare(Template(TEMPLATE))
    schema = formatted_schema(prepared.value_schema(WrittenPart()), "json-schema", "orders")
    validator = jsonschema_rs.validator_for(json.loads(schema.text))
    engine = prepared.engine(Stream(7), EventContext(), engine="interpreter")
    batch = engine.generate(0, np.full(30, 1_700_000_000 * 10**9, np.int64))
    texts = batch.text.to_pylist()
    assert all(validator.is_valid(json.loads(text)) for text in texts)
    assert not validator.is_valid(json.loads(texts[0]) | {"unknown": 1})
    assert not validator.is_valid(json.loads(texts[0]) | {"status": "lost"})
    column = ValueEncoder(schema, 258).encode(as_bytes_column(batch.text), lambda *_: None)
    assert column.data.tobytes() == b"".join(b"\0\0\0\1\2" + text for text in texts)
