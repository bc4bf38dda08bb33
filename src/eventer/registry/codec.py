"""Encodes parts of a record as JSON text, and reads them, also those of older versions."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from fractions import Fraction
from typing import Any, Final

from eventer.core import errors
from eventer.core.destination_kinds import load_kind
from eventer.core.errors import EventerError, Fault, RequestError, TemplateError, TraceFrame
from eventer.core.model import (
    Column,
    ColumnType,
    ConsoleTarget,
    EventContext,
    EventShape,
    FixedPopulation,
    GrowingPopulation,
    KafkaTarget,
    NoPopulation,
    Population,
    ReferencedStream,
    ServiceTarget,
    Stream,
    Target,
    Template,
    TimelineSpec,
)
from eventer.core.pace import (
    Cron,
    EventRate,
    PaceSpec,
    Profile,
    Shape,
    Stage,
    Stages,
    Steady,
    Ticks,
)
from eventer.core.source import Place
from eventer.core.value_schema_json import read_schemas, schemas_json
from eventer.registry.base import GeneratorFailure

_ADDED: Final = {"value": None, "omit": (), "op": None}
_ADDED_TO_KAFKA: Final = {
    "format": "json",
    "key_format": "json",
    "schema": None,
    "key_schema": None,
}
"""Options that later versions added, and their defaults."""
_SHAPES: Final[Mapping[type[Shape], str]] = {
    Ticks: "ticks",
    Steady: "rate",
    Stages: "stages",
    Profile: "profile",
    Cron: "cron",
}


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def target_text(target: Target) -> str:
    """A target as JSON text. Options that later versions added are there only if they are set."""
    parts = {"kind": target.kind, **asdict(target)}
    added = _ADDED | (_ADDED_TO_KAFKA if isinstance(target, KafkaTarget) else {})
    return _dump({n: part for n, part in parts.items() if n not in added or part != added[n]})


def read_target(text: str) -> Target:
    """Reads the text of `target_text`.

    Raises:
        ConfigError: the package of its kind of destination is not installed.
    """
    parts: dict[str, Any] = json.loads(text)
    kind = parts.pop("kind")
    values = {name: _with_tuples(part) for name, part in parts.items()}
    if kind == ConsoleTarget.kind:
        return ConsoleTarget(**values)
    target: ServiceTarget = load_kind(kind).target_type(**values)
    return target


def _with_tuples(value: Any) -> Any:
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def template_text(template: Template) -> str:
    """A template with its vars, and what it imports and refers to, as JSON text."""
    return _dump(_template(template))


def _template(template: Template) -> dict[str, Any]:
    imports = {path: base64.b64encode(data).decode() for path, data in template.imports}
    references = [_reference(each) for each in template.references]
    return (
        {"text": template.text, "name": template.name, "vars": template.vars}
        | ({"imports": imports} if imports else {})
        | ({"row_files": dict(template.row_files)} if template.row_files else {})
        | ({"references": references} if references else {})
        | ({"own_name": template.own_name} if template.own_name else {})
    )


def _reference(stream: ReferencedStream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "template": _template(stream.template),
        "stream": asdict(stream.stream),
        "context": asdict(stream.context),
        "population": _population(stream.population),
        "explicit_seed": stream.explicit_seed,
        "digest": stream.digest,
    }


def _population(population: Population | NoPopulation) -> dict[str, Any]:
    match population:
        case GrowingPopulation(generator=int(generator), indirect=indirect):
            return {"generator": str(generator)} | ({"indirect": True} if indirect else {})
        case FixedPopulation():
            return asdict(population)
        case _:
            raise ValueError(f"{population} cannot be stored")


def _read_population(parts: dict[str, Any]) -> Population:
    if "generator" in parts:
        return GrowingPopulation(int(parts["generator"]), parts.get("indirect", False))
    return FixedPopulation(**parts)


def read_template(text: str) -> Template:
    """Reads the text of `template_text`."""
    return _read_template(json.loads(text))


def _read_template(parts: dict[str, Any]) -> Template:
    imports, references = parts.pop("imports", {}), parts.pop("references", ())
    row_files = parts.pop("row_files", {})
    return Template(
        **parts,
        imports=tuple((path, base64.b64decode(data)) for path, data in imports.items()),
        row_files=tuple(row_files.items()),
        references=tuple(map(_read_reference, references)),
    )


def _read_reference(parts: dict[str, Any]) -> ReferencedStream:
    return ReferencedStream(
        template=_read_template(parts.pop("template")),
        stream=Stream(**parts.pop("stream")),
        context=EventContext(**parts.pop("context")),
        population=_read_population(parts.pop("population")),
        **parts,
    )


def shape_text(shape: EventShape) -> str:
    """A shape as JSON text."""
    parts = asdict(replace(shape, schemas=None))
    del parts["schemas"]
    for name in ("absent", "timestamp_unit"):
        if not parts[name]:
            del parts[name]
    if shape.schemas is not None:
        parts["schemas"] = schemas_json(shape.schemas)
    return _dump(parts)


def read_shape(text: str) -> EventShape:
    """Reads the text of `shape_text`."""
    parts: dict[str, Any] = json.loads(text)
    columns = tuple(Column(c["name"], ColumnType(c["type"])) for c in parts.pop("columns"))
    absent = tuple(parts.pop("absent", ()))
    schemas = read_schemas(parts.pop("schemas")) if "schemas" in parts else None
    return EventShape(**parts, columns=columns, absent=absent, schemas=schemas)


def pace_text(pace: PaceSpec) -> str:
    """A pace as JSON text, without the options that it does not use."""
    shape = pace.shape
    parts: dict[str, Any] = {"kind": _SHAPES[type(shape)]}
    for name, value in ((each.name, getattr(shape, each.name)) for each in fields(shape)):
        match name:
            case "stages":
                parts[name] = [(*each.first, *each.last, each.length) for each in value]
            case "multipliers":
                parts[name] = [str(each) for each in value]
            case _:
                parts[name] = value
    if pace.arrivals == "random":
        parts["arrivals"] = pace.arrivals
    options = {"start": pace.start, "end": pace.end, "max_events": pace.max_events}
    return _dump(parts | {name: value for name, value in options.items() if value is not None})


def read_pace(text: str) -> PaceSpec:
    """Reads the text of `pace_text`."""
    parts: dict[str, Any] = json.loads(text)
    kind = parts.pop("kind")
    options = {n: parts.pop(n) for n in ("arrivals", "start", "end", "max_events") if n in parts}
    if "rate" in parts:
        parts["rate"] = EventRate(*parts["rate"])
    if kind == "stages":
        parts["stages"] = tuple(map(_read_stage, parts["stages"]))
    if kind == "profile":
        parts["multipliers"] = tuple(map(Fraction, parts["multipliers"]))
    shape = next(each for each, name in _SHAPES.items() if name == kind)
    return PaceSpec(shape(**parts), **options)


def _read_stage(parts: Sequence[int]) -> Stage:
    return Stage(EventRate(*parts[:2]), EventRate(*parts[2:4]), parts[4])


def timeline_text(timeline: TimelineSpec | None) -> str | None:
    """How values are read as timelines, as JSON text."""
    return None if timeline is None else _dump(asdict(timeline))


def read_timeline(text: str | None) -> TimelineSpec | None:
    """Reads the text of `timeline_text`."""
    return None if text is None else TimelineSpec(**json.loads(text))


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
