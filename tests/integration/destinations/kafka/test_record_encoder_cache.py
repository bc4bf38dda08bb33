"""Encoders of flows: which of them share one."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import EventShape, KafkaTarget, PositionKey
from eventer.core.value_schema import Record, RecordField, RecordSchemas, Scalar, ScalarKind
from eventer.destinations.base import Flow
from eventer.destinations.kafka.record_encoder_cache import RecordEncoderCache
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.destinations.kafka.settings import KafkaSettings
from tests.schema_registry import schema_registry

__all__ = ["schema_registry"]
TARGET = KafkaTarget("t", format="avro")


def flow(generator, kind):
    schema = Record((RecordField("x", Scalar(kind)),))
    key = PositionKey(1, generator, 0)
    return Flow(key, TARGET, EventShape(schemas=RecordSchemas(schema)))


@pytest.fixture
def cache(schema_registry):
    return RecordEncoderCache(KafkaSettings("b:1", schema_registry_url=schema_registry.url))


def encoded(cache, flow, value):
    texts = as_bytes_column(pa.array([json.dumps(value).encode()], pa.large_binary()))
    unfit = []
    found = cache.of(flow).value.encode(texts, lambda _, error: unfit.append(error))
    return unfit or bytes(found.data[found.offsets[0] :])


async def test_texts_and_any_values_have_one_avro_schema_but_not_one_encoder(cache):
    texts, anything, again = flow(1, ScalarKind.TEXT), flow(2, ScalarKind.JSON), None
    again = flow(3, ScalarKind.TEXT)
    for each in (texts, anything, again):
        await cache.ensure(each)
    await cache.close()
    assert encoded(cache, texts, {"x": "a"}) == b"\0\0\0\0\1" + b"\2a"
    assert encoded(cache, anything, {"x": "a"}) == b"\0\0\0\0\1" + b'\6"a"'
    assert encoded(cache, anything, {"x": 5}) == b"\0\0\0\0\1" + b"\0025"
    assert cache.of(texts) is cache.of(again)


async def test_another_shape_of_a_generator_has_another_encoder(cache):
    await cache.ensure(flow(1, ScalarKind.TEXT))
    changed = flow(1, ScalarKind.INTEGER)
    assert cache.of(changed) is None
    await cache.ensure(changed)
    await cache.close()
    assert encoded(cache, changed, {"x": 5}) == b"\0\0\0\0\2" + b"\x0a"


GIVEN = {"type": "record", "name": "given", "fields": [{"name": "x", "type": "int"}]}


async def test_a_schema_that_is_given_by_its_subject_is_used_and_not_registered(
    cache, schema_registry
):
    schema_registry.answer("/subjects/a/versions", {"schema": '"string"'}, None)
    schema_registry.answer("/subjects/s/versions", {"schema": json.dumps(GIVEN)}, None)
    by_subject = replace(flow(1, ScalarKind.INTEGER), target=replace(TARGET, schema=("s", 1)))
    for use in (cache.check, cache.ensure):
        await use(by_subject)
    assert encoded(cache, by_subject, {"x": -1}) == b"\0\0\0\0\2" + b"\1"
    assert await cache.find(by_subject) is cache.of(by_subject)
    assert list(schema_registry.subjects) == ["a", "s"]
    for other, message in (
        (flow(2, ScalarKind.TEXT), "/x is a text"),
        (flow(3, ScalarKind.JSON), None),
    ):
        wrong = replace(other, target=replace(TARGET, schema=("s", 1 if message else 2)))
        with pytest.raises(DestinationRejectedError, match=message or "version 2 of subject 's'"):
            await cache.check(wrong)
    await cache.close()


async def test_a_schema_that_is_given_as_text_is_registered(cache, schema_registry):
    text = json.dumps(GIVEN)
    given = replace(flow(1, ScalarKind.INTEGER), target=replace(TARGET, schema=text))
    await cache.ensure(given)
    await cache.close()
    assert [each["schema"] for each in schema_registry.schemas] == [text]
    assert list(schema_registry.subjects) == ["t-value"]
    (error,) = encoded(cache, given, {"x": 1 << 40})
    assert str(error) == "the value at /x is not of the type int: 1099511627776"


async def test_a_json_schema_can_be_given_by_its_subject(cache, schema_registry):
    schema = {"type": "object", "properties": {"x": {"maximum": 5}}}
    body = {"schema": json.dumps(schema), "schemaType": "JSON"}
    schema_registry.answer("/subjects/s/versions", body, None)
    target = replace(TARGET, format="json-schema", schema=("s", 1))
    given = replace(flow(1, ScalarKind.INTEGER), target=target)
    await cache.ensure(given)
    assert encoded(cache, given, {"x": 5}) == b'\0\0\0\0\1{"x":5}'
    texts = as_bytes_column(pa.array([b'{"x":5}', b'{"x":6}'] * 200, pa.large_binary()))
    unfit: list = []
    column = cache.of(given).value.encode(texts, lambda row, _: unfit.append(row))
    assert column.data.tobytes() == b'\0\0\0\0\1{"x":5}\0\0\0\0\1' * 200  # no text if unfit
    assert unfit == [*range(1, 400, 2)]
    (error,) = encoded(cache, given, {"x": 6})
    assert "/x does not fit /properties/x/maximum" in str(error)
    with pytest.raises(DestinationRejectedError, match="is not an Avro schema"):
        await cache.ensure(replace(given, target=replace(target, format="avro")))
    await cache.close()
