"""Views as JSON values: the shapes of `answers`, without a second look at each field."""

from __future__ import annotations

import json
from typing import Any

from eventer.api.wire.faults import error_fields, place_fields
from eventer.core.duration import format_duration
from eventer.core.instant import format_instant
from eventer.core.model import ConsoleTarget, EventShape, KafkaTarget, Target
from eventer.destinations.audit import Flaw
from eventer.service.views import (
    EventPage,
    GeneratorView,
    LastError,
    Preview,
    Removal,
    Validation,
    Verification,
    Warning,  # noqa: A004  the contract's word
)

Json = dict[str, Any]


def generator_json(view: GeneratorView) -> Json:
    """A generator, as `GeneratorOut`."""
    pace = view.pace
    return {
        "id": str(view.id),
        "state": view.state.value,
        "destination": target_json(view.target),
        "event": {
            "dataset": view.spec.recipe.context.dataset,
            "stream": view.spec.stream.name,
            "count": pace.count,
            "interval": format_duration(pace.interval),
        },
        "seed": str(view.spec.stream.seed),
        "engine": view.spec.engine,
        "engine_reason": view.spec.engine_reason,
        "position": view.position,
        "skipped": view.skipped,
        "bytes": view.bytes,
        "requested_rate": view.requested_rate,
        "delivered_rate": view.delivered_rate,
        "lag": view.lag,
        "limited_by": view.limited_by,
        "retries": view.retries,
        "next_tick": None if view.next_tick is None else format_instant(view.next_tick),
        "last_error": _last_error(view.last_error),
        "delivery": view.delivery,
        "created_at": format_instant(view.created_at),
        "updated_at": format_instant(view.updated_at),
    }


def added_json(view: GeneratorView) -> Json:
    """A generator in the answer to `add`, as `AddedOut`."""
    return generator_json(view) | {
        "created": view.created,
        "updated": view.updated,
        "related": [str(id_) for id_ in view.related],
    }


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


def _last_error(last: LastError | None) -> Json | None:
    if last is None:
        return None
    return error_fields(last.error) | {"at": format_instant(last.at)}


def removal_json(removal: Removal) -> Json:
    """What a removal did, as `RemoveOut`."""
    return {
        "removed": [str(id_) for id_ in removal.removed],
        "unknown": list(removal.unknown),
    }


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


def verification_json(found: Verification) -> Json:
    """What a verification found, as `VerifyOut`."""
    report = found.report
    return {
        "id": str(found.id),
        "clean": found.clean,
        "until": report.until,
        "checked": report.checked,
        "skipped": report.skipped,
        "read": report.read,
        "others": report.others,
        "totals": {flaw.value: report.totals[flaw] for flaw in Flaw},
        "findings": [
            {
                "kind": finding.flaw.value,
                "index": finding.index,
                "place": dict(finding.place),
                "detail": finding.detail,
            }
            for finding in report.findings
        ],
        "unchecked": [
            {"first": each.first, "end": each.end, "reason": each.reason}
            for each in report.unchecked
        ],
        "notes": list(report.notes),
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
