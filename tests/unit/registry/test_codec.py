"""Parts of a record as JSON text."""

import pytest

from eventer.core.model import Column, ColumnType, EventShape, KafkaTarget, PostgresTarget
from eventer.registry.codec import read_shape, read_target, shape_text, target_text


@pytest.mark.parametrize("absent", [(), ("nope", "/a/b")])
def test_a_shape_keeps_the_fields_that_events_lack(absent):
    shape = EventShape((Column("a", ColumnType.TEXT),), open=True, is_object=True, absent=absent)
    text = shape_text(shape)
    assert ("absent" in text) == bool(absent)
    found = read_shape(text)
    assert (found, found.absent) == (shape, absent)


def test_a_target_of_an_earlier_version_reads_back_and_keeps_its_text():
    text = '{"kind":"postgres","table":"t","connection":"postgres","key":["a"]}'
    assert read_target(text) == PostgresTarget("t", key=("a",))
    assert target_text(read_target(text)) == text
    text = (
        '{"kind":"kafka","topic":"t","connection":"kafka","key":null,"partition":null,'
        '"timestamp":null,"headers":[["a","b"]],"partitions":null,"replication":null,"config":[]}'
    )
    assert read_target(text) == KafkaTarget("t", headers=(("a", "b"),))
    assert target_text(read_target(text)) == text


def test_a_target_keeps_what_it_writes():
    target = KafkaTarget("t", key="k", value="/a", omit=("b", "/c/d"), op="op")
    assert read_target(target_text(target)) == target
