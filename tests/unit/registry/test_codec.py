"""Parts of a record as JSON text."""

import pytest

from eventer.core.model import Column, ColumnType, EventShape
from eventer.registry.codec import read_shape, shape_text


@pytest.mark.parametrize("absent", [(), ("nope", "/a/b")])
def test_a_shape_keeps_the_fields_that_events_lack(absent):
    shape = EventShape((Column("a", ColumnType.TEXT),), open=True, is_object=True, absent=absent)
    text = shape_text(shape)
    assert ("absent" in text) == bool(absent)
    found = read_shape(text)
    assert (found, found.absent) == (shape, absent)
