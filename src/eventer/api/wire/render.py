"""Views as JSON values: the shapes of `answers`, without a second look at each field."""

from __future__ import annotations

import json
from typing import Any

from eventer.api.wire.faults import error_fields, place_fields
from eventer.core.model import ConsoleTarget, EventShape, KafkaTarget, Target
from eventer.service.views import (
    EventPage,
    Preview,
    Validation,
    Warning,  # noqa: A004  the contract's word
)

Json = dict[str, Any]


def target_json(target: Target) -> Json:
    """A target as a request would say it, without what was left out."""
    if isinstance(target, ConsoleTarget):
        return {"type": "console"}
    options: Json = {"connection": target.connection}
    if isinstance(target, KafkaTarget):
        options["topic"] = target.topic
        for name in ("key", "partition", "timestamp", "partitions", "replication"):
            options[name] = getattr(target, name)
        options["headers"] = dict(target.headers) or None
        options["config"] = dict(target.config) or None
    else:
        options["table"] = target.table
        options["key"] = None if target.key is None else list(target.key)
    given = {name: value for name, value in options.items() if value is not None}
    return {"type": target.kind, target.kind: given}


def warning_json(warning: Warning) -> Json:
    """A warning with its place, as `WarningOut`."""
    return {"message": warning.message, **place_fields(warning.place)}


def preview_json(preview: Preview) -> Json:
    """All of a preview but its events, which are JSON text already."""
    return {
        "seed": str(preview.seed),
        "engine": preview.engine,
        "reason": preview.reason,
        "warnings": [warning_json(warning) for warning in preview.warnings],
        "traces": list(preview.traces),
    }


def validation_json(validation: Validation) -> Json:
    """What a validation found, as `ValidateOut`."""
    failing = validation.failing
    return {
        "valid": True,
        "engine": validation.engine,
        "reason": validation.reason,
        "shape": _shape(validation.shape),
        "warnings": [warning_json(warning) for warning in validation.warnings],
        "traces": list(validation.traces),
        "failing": None if failing is None else error_fields(failing),
    }


def _shape(shape: EventShape) -> Json:
    return {
        "is_object": shape.is_object,
        "columns": [{"name": column.name, "type": column.type.value} for column in shape.columns],
        "open": shape.open,
    }


def preview_body(preview: Preview) -> bytes:
    """A preview, as `PreviewOut`; its events byte for byte as they were made."""
    fields = json.dumps(preview_json(preview), ensure_ascii=False).encode()
    return b'{"events":' + _array(preview.events) + b"," + fields[1:]


def events_body(page: EventPage) -> bytes:
    """Events, as `EventsOut`, byte for byte as they were made."""
    return b'{"first":%d,"events":%b}' % (page.first, _array(page.events))


def _array(texts: tuple[bytes, ...]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
