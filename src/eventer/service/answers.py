"""The answers of the service as JSON, the same for the API and the command line.

`api/wire/responses.py` documents the shapes.
"""

from __future__ import annotations

import json
from typing import Any

from eventer.core.error_text import format_place
from eventer.core.errors import EventerError, Fault, RequestError, TemplateError
from eventer.core.model import ConsoleTarget, EventShape, KafkaTarget, Target
from eventer.core.source import Place
from eventer.plan.explain_template import TemplateExplanation
from eventer.plan.explain_text import measurement_text, plan_text
from eventer.service.views import (
    EventPage,
    Preview,
    Validation,
)
from eventer.workers.messages import TemplateWarning

Json = dict[str, Any]


def target_json(target: Target) -> Json:
    """A target as in a request, without the options that are not set."""
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


def _warning(warning: TemplateWarning) -> Json:
    """A warning with its place, as `WarningOut`."""
    hint = "" if warning.hint is None else f" ({warning.hint})"
    return {"message": warning.message + hint, **_place_fields(warning.place)}


def preview_body(preview: Preview) -> bytes:
    """A preview, as `PreviewOut`; events are byte for byte as generated."""
    fields = {
        "seed": str(preview.seed),
        "engine": preview.engine,
        "reason": preview.reason,
        "warnings": [_warning(warning) for warning in preview.warnings],
        "traces": list(preview.traces),
    }
    text = json.dumps(fields, ensure_ascii=False).encode()
    return b'{"events":' + _array(preview.events) + b"," + text[1:]


def events_body(page: EventPage) -> bytes:
    """Recomputed events, as `EventsOut`, byte for byte as generated."""
    return b'{"first":%d,"events":%b}' % (page.first, _array(page.events))


def _array(texts: tuple[bytes, ...]) -> bytes:
    return b"[" + b",".join(texts) + b"]"


def validation_json(validation: Validation) -> Json:
    """The outcome of a validation, as `ValidateOut`; also `rejections`, if there are any."""
    failing, rejections = validation.failing, map(error_fields, validation.rejections)
    return {
        "valid": not validation.rejections,
        "engine": validation.engine,
        "reason": validation.reason,
        "shape": _shape(validation.shape),
        "warnings": [_warning(warning) for warning in validation.warnings],
        "traces": list(validation.traces),
        "failing": None if failing is None else error_fields(failing),
        **({"rejections": list(rejections)} if validation.rejections else {}),
    }


def _shape(shape: EventShape) -> Json:
    return {
        "is_object": shape.is_object,
        "columns": [{"name": column.name, "type": column.type.value} for column in shape.columns],
        "open": shape.open,
    }


def explanation_text(explanation: TemplateExplanation) -> str:
    """A template's plan and its measured cost as text."""
    plan, measured = explanation.plan, explanation.measured
    parts = [_refusal(explanation) if plan is None else plan_text(plan)]
    if measured is not None:
        parts.append(measurement_text(measured, plan))
    return "\n".join(parts)


def _refusal(explanation: TemplateExplanation) -> str:
    lines = [f"engine: {explanation.engine}", f"not on the plan: {explanation.reason}"]
    if explanation.place is not None:
        lines += format_place(explanation.place)
    return "".join(f"{line}\n" for line in lines)


def faults_json(error: EventerError, pointer: str | None = None) -> list[Json]:
    """The faults of an error; `pointer` is where the request has the template."""
    if isinstance(error, RequestError):
        return [_fault(fault) for fault in error.faults]
    if isinstance(error, TemplateError):
        return [error_fields(error, pointer)]
    return []


def error_fields(error: EventerError, pointer: str | None = None) -> Json:
    """An error as one fault, as `FaultOut`: its message, place and hint."""
    fields: Json = {
        "message": error.message,
        "hint": error.hint,
        "pointer": pointer,
        "index": getattr(error, "index", None),
    }
    if isinstance(error, TemplateError):
        fields |= _place_fields(error.place)
        fields["trace"] = _trace(error) or None
    return {name: value for name, value in fields.items() if value is not None}


def _trace(error: TemplateError) -> list[Json]:
    return [
        {
            "what": frame.what,
            "template": frame.place.name,
            "line": frame.place.line,
            "column": frame.place.column,
        }
        for frame in error.trace
    ]


def _fault(fault: Fault) -> Json:
    """A fault, as `FaultOut`. A pointer `?name` is a query parameter."""
    is_query = fault.pointer.startswith("?")
    where = {"parameter": fault.pointer[1:]} if is_query else {"pointer": fault.pointer}
    hint = {} if fault.hint is None else {"hint": fault.hint}
    return {"message": fault.message, **hint, **where, **_place_fields(fault.place)}


def _place_fields(place: Place | None) -> Json:
    if place is None:
        return {}
    return {
        "template": place.name,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "source_line": place.source_line,
    }
