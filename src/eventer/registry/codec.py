"""Encodes parts of a record as JSON text, and reads them, also those of older versions."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

from eventer.core import errors
from eventer.core.errors import EventerError, Fault, RequestError, TemplateError, TraceFrame
from eventer.core.model import (
    Column,
    ColumnType,
    ConsoleTarget,
    EventShape,
    KafkaTarget,
    PostgresTarget,
    Target,
    Template,
)
from eventer.core.source import Place
from eventer.registry.base import GeneratorFailure

_ADDED = frozenset({"value", "omit", "op"})


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def target_text(target: Target) -> str:
    """A target as JSON text. Options that later versions added are there only if they are set."""
    parts = {"kind": target.kind, **asdict(target)}
    return _dump({name: part for name, part in parts.items() if part or name not in _ADDED})


def read_target(text: str) -> Target:
    """Reads the text of `target_text`."""
    parts: dict[str, Any] = json.loads(text)
    parts["omit"] = tuple(parts.get("omit", ()))
    match parts.pop("kind"):
        case "kafka":
            for name in ("headers", "config"):
                parts[name] = tuple((key, value) for key, value in parts[name])
            return KafkaTarget(**parts)
        case "postgres":
            key = parts.pop("key")
            return PostgresTarget(**parts, key=None if key is None else tuple(key))
        case _:
            return ConsoleTarget(**parts)


def template_text(template: Template) -> str:
    """A template with its vars and imports as JSON text."""
    imports = {path: base64.b64encode(data).decode() for path, data in template.imports}
    return _dump(
        {"text": template.text, "name": template.name, "vars": template.vars}
        | ({"imports": imports} if imports else {})
    )


def read_template(text: str) -> Template:
    """Reads the text of `template_text`."""
    parts: dict[str, Any] = json.loads(text)
    imports = parts.pop("imports", {})
    return Template(
        **parts, imports=tuple((path, base64.b64decode(data)) for path, data in imports.items())
    )


def shape_text(shape: EventShape) -> str:
    """A shape as JSON text."""
    parts = asdict(shape)
    if not shape.absent:
        del parts["absent"]
    return _dump(parts)


def read_shape(text: str) -> EventShape:
    """Reads the text of `shape_text`."""
    parts: dict[str, Any] = json.loads(text)
    columns = tuple(Column(c["name"], ColumnType(c["type"])) for c in parts.pop("columns"))
    absent = tuple(parts.pop("absent", ()))
    return EventShape(**parts, columns=columns, absent=absent)


def failure_text(failure: GeneratorFailure | None) -> str | None:
    """A failure as JSON text, with the error's class, places and hints but without its cause."""
    return None if failure is None else _dump({"at": failure.at, "error": _error(failure.error)})


def read_failure(text: str | None) -> GeneratorFailure | None:
    """Reads the text of `failure_text`."""
    if text is None:
        return None
    parts: dict[str, Any] = json.loads(text)
    return GeneratorFailure(_read_error(parts["error"]), parts["at"])


def _error(error: EventerError) -> dict[str, object]:
    parts: dict[str, object] = {"kind": type(error).__name__, "message": error.message}
    for name in ("hint", "index", "key"):
        if (value := getattr(error, name, None)) is not None:
            parts[name] = value
    if isinstance(error, TemplateError):
        parts["place"] = error.place and asdict(error.place)
        parts["trace"] = [asdict(frame) for frame in error.trace]
    if isinstance(error, RequestError):
        parts["faults"] = [asdict(fault) for fault in error.faults]
    return parts


def _read_error(parts: dict[str, Any]) -> EventerError:
    found = getattr(errors, parts["kind"], EventerError)
    kind = found if isinstance(found, type) and issubclass(found, EventerError) else EventerError
    error = kind(parts["message"])
    for name in ("hint", "index", "key"):
        if name in parts:
            setattr(error, name, parts[name])
    if isinstance(error, TemplateError):
        error.place = _read_place(parts.get("place"))
        error.trace = tuple(
            TraceFrame(frame["what"], Place(**frame["place"])) for frame in parts.get("trace", ())
        )
    if isinstance(error, RequestError):
        error.faults = tuple(
            Fault(**{**fault, "place": _read_place(fault["place"])})
            for fault in parts.get("faults", ())
        )
    return error


def _read_place(parts: dict[str, Any] | None) -> Place | None:
    return Place(**parts) if parts else None
