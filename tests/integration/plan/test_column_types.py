"""The inferred types of the examples' columns hold their events, on both engines."""

from pathlib import Path

import numpy as np

from eventer.core.model import ColumnType as T
from eventer.core.model import Stream, Template
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.families import family

EXAMPLES = Path(__file__).parents[3] / "examples"
EVENTS = 40
COLUMNS = {
    "ad-impressions": {
        "impression_id": T.TEXT,
        "at": T.TIMESTAMPTZ,
        "slot": T.TEXT,
        "size": T.TEXT,
        "width": T.BIGINT,
        "bids": T.JSONB,
        "winner": T.TEXT,
        "bid_cents": T.BIGINT,
        "price_cents": T.BIGINT,
        "clicked": T.BOOLEAN,
    },
    "deployments": {
        "pipeline": T.BIGINT,
        "repository": T.TEXT,
        "branch": T.TEXT,
        "commit": T.JSONB,
        "stages": T.JSONB,
        "seconds": T.BIGINT,
        "status": T.TEXT,
        "finished_at": T.TIMESTAMPTZ,
    },
    "dns-queries": {
        "at": T.TIMESTAMPTZ,
        "client": T.TEXT,
        "question": T.TEXT,
        "type": T.TEXT,
        "rcode": T.TEXT,
        "answers": T.JSONB,
        "min_ttl": T.BIGINT,
        "microseconds": T.BIGINT,
    },
    "hotel-bookings": {
        "booking": T.TEXT,
        "hotel": T.BIGINT,
        "arrival": T.TEXT,
        "nights": T.BIGINT,
        "guest": T.JSONB,
        "rooms": T.JSONB,
        "total": T.BIGINT,
        "channel": T.TEXT,
        "cancelled_at": T.TIMESTAMPTZ,
    },
    "ledger-entries": {
        "booking": T.BIGINT,
        "booked_at": T.TIMESTAMPTZ,
        "period": T.TEXT,
        "entries": T.JSONB,
        "total_cents": T.BIGINT,
        "text": T.TEXT,
    },
    "network-flows": {
        "exporter": T.TEXT,
        "src": T.JSONB,
        "dst": T.JSONB,
        "service": T.TEXT,
        "protocol": T.BIGINT,
        "packets": T.BIGINT,
        "bytes": T.BIGINT,
        "tcp_flags": T.TEXT,
        "first_seen": T.TIMESTAMPTZ,
        "last_seen": T.TIMESTAMPTZ,
        "sampled": T.DOUBLE,
    },
    "orders": {
        "id": T.BIGINT,
        "status": T.TEXT,
        "placed_at": T.TIMESTAMPTZ,
        "customer": T.JSONB,
        "items": T.JSONB,
        "total_cents": T.BIGINT,
    },
    "sensor-bursts": {
        "machine": T.TEXT,
        "axis": T.TEXT,
        "started_at": T.TIMESTAMPTZ,
        "sample_rate_hz": T.BIGINT,
        "samples": T.JSONB,
        "count": T.BIGINT,
        "peak": T.DOUBLE,
        "rms": T.DOUBLE,
        "over_limit": T.BIGINT,
    },
}


@family("name", sorted(COLUMNS))
def test_the_types_hold_the_events_of_both_engines(name):
    prepared = prepare(Template((EXAMPLES / f"{name}.jsonnet").read_text("utf-8")))
    assert {column.name: column.type for column in prepared.shape.columns} == COLUMNS[name]
    assert (prepared.shape.open, prepared.shape.is_object) == (False, True)
    scheduled = np.full(EVENTS, 1_700_000_000_000_000_000, dtype=np.int64)
    columns = []
    for choice in ("plan", "interpreter"):
        engine = prepared.engine(Stream(7), EventContext(), engine=choice)
        fields = engine.generate(0, scheduled).fields
        columns.append({n: fields.column(f"/{n}", kind) for n, kind in COLUMNS[name].items()})
    assert columns[0] == columns[1]
