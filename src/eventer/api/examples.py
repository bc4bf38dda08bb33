"""Example requests for the documentation. The tests send them."""

from __future__ import annotations

from typing import Any

_ORDERS = """local int = std.native('get_integer');
local one_of = std.native('get_one_of');
{ id: int(1, 1000), country: one_of('ru, us, jp, cn') }
"""

_STORY = """local seconds = std.native('get_duration')('5s', '5m');
[{ after: 0, event: 'ordered' }, { after: seconds, event: 'paid', to: 'payments' }]
"""

_EVENT: dict[str, Any] = {
    "id": "e1",
    "dataset": "demo",
    "template": _ORDERS,
    "count": 10,
    "interval": "10s",
}
_SCHEDULES = [{"destination_id": "d1", "event_id": "e1"}]
_TIMELINE_EVENT = {
    "id": "e1",
    "template": _STORY,
    "pace": {"rate": "5/s"},
    "timeline": {"horizon": "30m"},
}

ADD_EXAMPLES: dict[str, Any] = {
    "kafka": {
        "summary": "Ten events every ten seconds into a topic",
        "value": {
            "destinations": [{"id": "d1", "type": "kafka", "kafka": {"topic": "orders"}}],
            "events": [_EVENT],
            "schedules": _SCHEDULES,
        },
    },
    "postgres": {
        "summary": "The same into a table, upserted by id",
        "value": {
            "destinations": [
                {"id": "d1", "type": "postgres", "postgres": {"table": "orders", "key": "id"}}
            ],
            "events": [_EVENT],
            "schedules": _SCHEDULES,
        },
    },
}

_RAMP: dict[str, Any] = {"stages": [{"rate": "100/s", "for": "1m"}, {"to": "1000/s", "for": "5m"}]}

ADD_EXAMPLES["stages"] = {
    "summary": "A load test: 100 events per second, then up to 1000",
    "value": {
        "destinations": [{"id": "d1", "type": "kafka", "kafka": {"topic": "orders"}}],
        "events": [{"id": "e1", "template": _ORDERS, "pace": _RAMP}],
        "schedules": _SCHEDULES,
    },
}

ADD_EXAMPLES["timelines"] = {
    "summary": "Five timelines start each second; each step is delivered at its time",
    "value": {
        "destinations": [{"id": "d1", "type": "kafka", "kafka": {"topic": "orders"}}],
        "events": [_TIMELINE_EVENT],
        "schedules": _SCHEDULES,
    },
}

PACE_EXAMPLES: dict[str, Any] = {
    "stages": {"summary": "Stages in twelve buckets", "value": {"pace": _RAMP, "buckets": 12}}
}

PREVIEW_EXAMPLES: dict[str, Any] = {
    "seeded": {
        "summary": "Three events, the same each time",
        "value": {"template": _ORDERS, "count": 3, "seed": "7"},
    },
    "timeline": {
        "summary": "The steps of two timelines",
        "value": {"template": _STORY, "timeline": {"horizon": "30m"}, "count": 2, "seed": "7"},
    },
}

VALIDATE_EXAMPLES: dict[str, Any] = {
    "table": {
        "summary": "Whether a table can store the events of a template",
        "value": {
            "template": _ORDERS,
            "destination": {"type": "postgres", "postgres": {"table": "orders"}},
        },
    }
}

PROFILE_EXAMPLES: dict[str, Any] = {
    "seeded": {
        "summary": "The fields of a thousand events",
        "value": {"template": _ORDERS, "count": 1000, "seed": "7"},
    }
}

FORMAT_EXAMPLES: dict[str, Any] = {
    "quotes": {
        "summary": "A template with other quotes and spaces",
        "value": {"template": '{id:1,   "type": "order"}  # an order'},
    }
}

COMPLETE_EXAMPLES: dict[str, Any] = {
    "std": {
        "summary": "Functions of the standard library that begin with `par`",
        "value": {"template": "{ id: std.par", "offset": 13},
    }
}
