"""Events of random templates are read back from files of each format as they were.

`pytest -m slow tests/property/test_files.py` uses PLAN_TEMPLATES templates.
"""

import json
import os
import random
from datetime import UTC, datetime

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from eventer.core.errors import DestinationRejectedError, TemplateError
from eventer.core.model import ColumnType, FileTarget, PositionKey, Stream
from eventer.destinations.base import Flow
from eventer.destinations.file.file_flow import FileFlow
from eventer.destinations.file.row_digests import digest_rows
from eventer.plan.engine import EventContext
from tests.property.generated_events import scheduled_times
from tests.property.templates import templates
from tests.property.test_plan import NO_TIME_LIMIT, prepared_template

FEW = 6
MANY = int(os.environ.get("PLAN_TEMPLATES", "5000"))
ROWS = 24


def cell(column, value):
    """The value of a field as a Parquet cell."""
    if value is None:
        return None
    if column is None or column.type is ColumnType.JSONB:
        return value
    if column.type is ColumnType.TIMESTAMPTZ:
        return datetime.fromisoformat(value)
    return value


def shown(column, stored):
    """A Parquet cell as its value."""
    if stored is None:
        return None
    if column is None or column.type is ColumnType.JSONB:
        return json.loads(stored)
    return stored.astimezone(UTC) if isinstance(stored, datetime) else stored


def check_parquet(path, shape, events):
    types = {column.name: column for column in shape.columns}
    rows = pq.read_table(path, partitioning=None).to_pylist()
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        assert event.keys() <= row.keys()
        for name, stored in row.items():
            column = types.get(name)
            assert shown(column, stored) == cell(column, event.get(name))


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_files_of_random_templates_are_read_back(count, tmp_path):
    written = {"ndjson": 0, "csv": 0, "parquet": 0}

    def check_format(file_format, shape, batch):
        target = FileTarget("t", format=file_format)
        flow = FileFlow(tmp_path, Flow(PositionKey(1, 1, 0), target, shape))
        try:
            flow.check()
        except DestinationRejectedError:
            return
        encoded, errors = flow.encode_accepted(batch)
        kept = batch.without([error.index for error in errors])
        assert len(encoded.table) == kept.rows
        path = tmp_path / f"x.{file_format}"
        with path.open("wb") as file:
            flow.format.write(encoded.table, file)
        read = flow.format.read(path, shape)
        names = sorted({*read.column_names, *encoded.table.column_names})
        expected = digest_rows(encoded.table, names, kept.index)
        found = digest_rows(read, names, kept.index)
        assert found.content.tolist() == expected.content.tolist()
        texts = kept.text.to_pylist()
        if file_format == "ndjson":
            assert path.read_bytes() == b"".join(text + b"\n" for text in texts)
        if file_format == "parquet":
            check_parquet(path, shape, [json.loads(text) for text in texts])
        written[file_format] += kept.rows

    @seed(7 if count == FEW else random.randrange(1 << 32))
    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(templates(), st.integers(0, 2**64 - 1))
    def check(template, start):
        try:
            prepared = prepared_template(template.text, "{ a: 1 }")
            engine = prepared.engine(
                Stream(start), EventContext(dataset="set"), budget=NO_TIME_LIMIT
            )
            batch = engine.generate(0, np.asarray(scheduled_times(0, ROWS)))
        except TemplateError:
            return
        for file_format in written:
            check_format(file_format, prepared.shape, batch)

    check()
    assert all(written.values()), written
