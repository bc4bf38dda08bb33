"""Events of random templates fit the schemas that are derived for them.

`pytest -m slow tests/property/test_schema_fit.py` uses PLAN_TEMPLATES templates.
"""

import io
import json
import os
import random

import fastavro
import numpy as np
import pytest

from eventer.core.errors import TemplateError
from eventer.core.model import WHOLE_EVENT, Stream
from eventer.destinations.kafka.formats.avro_schema import avro_schema
from eventer.destinations.kafka.formats.avro_values import encode_avro
from eventer.destinations.kafka.formats.protobuf_layout import message_layout
from eventer.destinations.kafka.formats.protobuf_schema import protobuf_schema
from eventer.destinations.kafka.formats.protobuf_values import encode_message
from eventer.plan.engine import EventContext
from tests.property.generated_events import scheduled_times
from tests.property.templates import random_template
from tests.property.test_plan import NO_TIME_LIMIT, prepared_template
from tests.protobuf_classes import message_class

FEW = 12
MANY = int(os.environ.get("PLAN_TEMPLATES", "5000"))
ROWS = 24


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_events_of_random_templates_fit_their_schemas(count):
    source = random.Random(5 if count == FEW else None)
    fitting = 0
    for _ in range(count):
        template = random_template(source, source.randint(1, 4))
        stream = Stream(source.randrange(1 << 64))
        try:
            prepared = prepared_template(template.text, "{ a: 1 }")
            engine = prepared.engine(stream, EventContext(dataset="set"), budget=NO_TIME_LIMIT)
            batch = engine.generate(0, np.asarray(scheduled_times(0, ROWS)))
        except TemplateError:
            continue
        schema = prepared.value_schema(WHOLE_EVENT)
        parsed = fastavro.parse_schema(avro_schema(schema, "top"))
        message = message_layout(schema, "top")
        kind = message_class(protobuf_schema(message))
        for text in batch.text.to_pylist():
            if fits(schema, parsed, text, template.text):
                fitting += 1
                check_message(message, kind, text)
    assert fitting > count


def check_message(message, kind, text):
    """Whether Google's library reads all of a message; no message is null."""
    if text != b"null":
        encoded = encode_message(message, json.loads(text))
        assert kind.FromString(encoded).ByteSize() == len(encoded)


def fits(schema, parsed, text, template):
    """Whether an event fits; whole numbers beyond 64 bits are not known in advance."""
    try:
        encoded = encode_avro(schema, json.loads(text))
    except ValueError as error:
        if "64 bits" in str(error):
            return False
        error.add_note(template)
        raise
    fastavro.schemaless_reader(io.BytesIO(encoded), parsed)
    return True
