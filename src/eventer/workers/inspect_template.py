"""Inspects a template before its generator is accepted: its shape, and its first events."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import (
    BudgetError,
    DestinationRejectedError,
    EventerError,
    Fault,
    RequestError,
    TemplateError,
)
from eventer.core.fault_rules import FaultRule
from eventer.core.model import (
    ColumnType,
    EventShape,
    EventSource,
    KafkaTarget,
    Target,
    Template,
    TimelineSpec,
    WrittenPart,
)
from eventer.core.value_schema import RecordSchemas
from eventer.core.written_part import written_value
from eventer.jsonnet.importer import Importer
from eventer.plan.columnar_engine import ColumnarEngine
from eventer.plan.engine import Engine
from eventer.plan.prepare import PreparedTemplate, prepare
from eventer.plan.timelines.planned_timelines import PlannedTimelines
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.workers.evaluated_steps import evaluate_steps
from eventer.workers.inspector_messages import (
    INSPECTED_EVENTS,
    Inspection,
    InspectTemplate,
    TemplateWarning,
    absent_field_warnings,
)
from eventer.workers.template_notes import TraceCollector, template_warnings

SLICE_NS: Final = 50_000_000
"""How long an engine may generate until it returns what it has."""
_FAILING_NS: Final = 250_000_000
"""CPU time to find an event that does not raise, even if preparation took all time."""
MAX_RECENT: Final = 4
"""Templates that stay prepared, with their plans: requests often have many events of one."""

_recent: OrderedDict[Template, tuple[PreparedTemplate, Engine | Timelines]] = OrderedDict()


def inspect_template(request: InspectTemplate, importer: Importer) -> Inspection:
    """What a template is, and whether its first events can go into the targets.

    Raises:
        TemplateError: the template is invalid, or every event raises.
    """
    end = time.thread_time_ns() + int(request.seconds * NS_PER_SECOND)
    whole = prepared = _prepared(request.template, importer)
    if request.timeline is not None:
        prepared = prepared.of_steps(request.timeline.only)
    traces = TraceCollector()
    engine, batches, failing = _first_events(prepared, request, traces, end)
    _keep(request.template, whole, engine)
    rules, rejections = request.faults, dict(_rejections(request.targets, prepared, batches))
    absent = {
        target: fields
        for target in request.targets
        if target not in rejections and (fields := _absent_fields(target, prepared, batches, rules))
    }
    units = {
        target: unit
        for target in request.targets
        if target not in rejections and (unit := _timestamp_unit(target, batches))
    }
    inspection = Inspection(
        template=prepared.template,
        digest=prepared.program.digest.hex(),
        fingerprint=prepared.fingerprint,
        engine=engine.name,
        reason=engine.reason,
        shape=prepared.shape,
        warnings=(
            *template_warnings(prepared),
            *_option_warnings(prepared, request.targets, absent, units, rules),
        ),
        rejections=rejections,
        fault_errors={each: _fault_errors(prepared, each, rules) for each in request.targets},
        absent=absent,
        timestamp_units=units,
        step_names=engine.step_names if isinstance(engine, PlannedTimelines) else None,
        part_shapes=_part_shapes(prepared, request.targets),
        record_schemas=(schemas := _record_schemas(prepared, request)),
        schema_texts=_schema_texts(schemas),
        traces=tuple(traces.lines),
        failing=failing,
    )
    alike = isinstance(engine, ColumnarEngine) and engine.raises_alike
    complete = sum(batch.count for batch in batches) == request.count
    found = inspection.rejections or absent or units or inspection.traces or inspection.failing
    holds = alike and complete and not found and _is_self_contained(inspection.template)
    return replace(inspection, holds_for_all_streams=holds)


def _is_self_contained(template: Template) -> bool:
    """Whether a prepared template reads no file and no other stream."""
    return not (template.imports or template.row_files or template.references)


def _prepared(template: Template, importer: Importer) -> PreparedTemplate:
    """A prepared template, perhaps that of a recent request."""
    known = _recent.get(template)
    if known is None:
        return prepare(template, importer)
    _recent.move_to_end(template)
    return known[0]


def _keep(template: Template, prepared: PreparedTemplate, engine: Engine | Timelines) -> None:
    """Keeps a prepared template, and the plan that its engine has, for the next requests."""
    if _is_self_contained(prepared.template):
        _recent[template] = (prepared, engine)
        if len(_recent) > MAX_RECENT:
            _recent.popitem(last=False)


def _first_events(
    prepared: PreparedTemplate, request: InspectTemplate, trace: TraceCollector, end: int
) -> tuple[Engine | Timelines, list[Batch], EventerError | None]:
    """The engine, the first events or steps until a CPU time, and the first error."""
    source, spec = request.event_source, request.timeline
    if spec is not None:
        timelines = prepared.timelines(source.stream, source.context, spec.horizon, trace=trace)
        return timelines, *_dry_run_timelines(timelines, request, spec, end)
    engine = prepared.engine(source.stream, source.context, trace=trace)
    return engine, *dry_run(engine, np.full(request.count, request.at, dtype=np.int64), end)


def _part_shapes(prepared: PreparedTemplate, targets: Sequence[Target]) -> dict[Target, EventShape]:
    parts = [target for target in targets if not target.part.is_whole]
    return {target: prepared.part_shape(target.part) for target in parts}


def _record_schemas(
    prepared: PreparedTemplate, request: InspectTemplate
) -> dict[Target, RecordSchemas]:
    """The schemas of the records of topics whose formats have one."""
    found = {each: prepared.record_schemas(each, request.faults) for each in request.targets}
    return {target: schemas for target, schemas in found.items() if schemas is not None}


def _schema_texts(schemas: Mapping[Target, RecordSchemas]) -> dict[str, str]:
    """The schemas as they are registered, by subject; without those that a format cannot have."""
    texts: dict[str, str] = {}
    for target, each in schemas.items():
        if isinstance(target, KafkaTarget):
            from eventer.destinations.kafka.formats.subjects import schema_texts

            with suppress(DestinationRejectedError):  # it is among the rejections
                texts |= schema_texts(target, each)
    return texts


def _dry_run_timelines(
    timelines: Timelines, request: InspectTemplate, spec: TimelineSpec, end: int
) -> tuple[list[Batch], EventerError | None]:
    """The same as `dry_run`, for the events of the first timelines."""
    batches: list[Batch] = []
    failing: EventerError | None = None
    for found in evaluate_steps(timelines, spec, request.at, 0, request.count):
        failing = failing or next(iter(found.errors.values()), None)
        if len(found.steps):
            batches.append(found.batch(batches[-1].next if batches else 0))
        if time.thread_time_ns() >= end:
            break
    if failing is not None and not batches:
        raise failing
    return batches, failing


def check_options(prepared: PreparedTemplate, target: Target) -> None:
    """Checks the fields that the options of a target name, as far as they are known in advance.

    Raises:
        DestinationRejectedError: see `check_option_fields`.
    """
    from eventer.destinations.option_fields import check_option_fields

    check_option_fields(prepared.shape, target, prepared.part_shape(WrittenPart(target.value)))


def check_fault_rules(
    prepared: PreparedTemplate, target: Target, rules: Sequence[FaultRule]
) -> None:
    """Checks whether a target can take faults on purpose.

    Raises:
        RequestError: it cannot; pointers lead into the list of rules.
    """
    if errors := _fault_errors(prepared, target, rules):
        raise RequestError.of(tuple(replace(e, pointer="/faults" + e.pointer) for e in errors))


def _fault_errors(
    prepared: PreparedTemplate, target: Target, rules: Sequence[FaultRule]
) -> tuple[Fault, ...]:
    from eventer.destinations.fault_rule_checks import fault_rule_errors

    if not rules:
        return ()
    part = prepared.part_shape(target.part)
    return tuple(fault_rule_errors(rules, target, prepared.shape_at, part))


def option_field_warnings(
    prepared: PreparedTemplate,
    event_source: EventSource,
    target: Target,
    *,
    rules: Sequence[FaultRule],
    at: int,
    seconds: float,
) -> tuple[TemplateWarning, ...]:
    """The warnings of an inspection about the fields of options and faults.

    It generates events, scheduled for `at` (ns since 1970) and in about `seconds` of CPU time, only
    if the fields are not known in advance. Returns no warning if all events raise.
    """
    has_timestamp = isinstance(target, KafkaTarget) and target.timestamp is not None
    if not has_timestamp and not _absent_fields(target, prepared, [], rules):
        return ()
    end = time.thread_time_ns() + int(seconds * NS_PER_SECOND)
    engine = prepared.engine(event_source.stream, event_source.context)
    try:
        batches, _ = dry_run(engine, np.full(INSPECTED_EVENTS, at, dtype=np.int64), end)
    except TemplateError:
        return ()
    absent = _absent_fields(target, prepared, batches, rules)
    shape = replace(prepared.shape, absent=absent, timestamp_unit=_timestamp_unit(target, batches))
    return absent_field_warnings(target, shape, rules)


def _option_warnings(
    prepared: PreparedTemplate,
    targets: Iterable[Target],
    absent: Mapping[Target, tuple[str, ...]],
    units: Mapping[Target, str],
    rules: Sequence[FaultRule],
) -> Iterator[TemplateWarning]:
    for target in targets:
        if target in absent or target in units:
            fields, unit = absent.get(target, ()), units.get(target)
            shape = replace(prepared.shape, absent=fields, timestamp_unit=unit)
            yield from absent_field_warnings(target, shape, rules)


def _timestamp_unit(target: Target, batches: Sequence[Batch]) -> str | None:
    """See `EventShape.timestamp_unit`."""
    if not isinstance(target, KafkaTarget) or target.timestamp is None:
        return None
    from eventer.destinations.kafka.timestamp_units import timestamp_unit

    return timestamp_unit(target, batches)


def dry_run(
    engine: Engine, times: NDArray[np.int64], end: int, most_bytes: int | None = None
) -> tuple[list[Batch], EventerError | None]:
    """The first events without those that raise, and the first error.

    Ends early when this thread has used its CPU time, or with more than `most_bytes` of text.

    Raises:
        TemplateError: every event raises, of those until the end.
    """
    end_failing = max(end, time.thread_time_ns() + _FAILING_NS)
    batches: list[Batch] = []
    failing: EventerError | None = None
    at = size = 0
    while at < len(times):
        try:
            batch = engine.generate(at, times[at:], time.monotonic_ns() + SLICE_NS)
        except TemplateError as error:
            failing = failing or error
            at += 1
            if isinstance(error, BudgetError) and not batches:
                raise
        else:
            batches.append(batch)
            at = batch.next
            size += batch.nbytes
        full = most_bytes is not None and size > most_bytes
        if full or time.thread_time_ns() >= (end if batches else end_failing):
            break
    if failing is not None and not batches:
        raise failing
    return batches, failing


def _rejections(
    targets: tuple[Target, ...], prepared: PreparedTemplate, batches: list[Batch]
) -> Iterator[tuple[Target, DestinationRejectedError]]:
    for target in targets:
        try:
            _check_target(target, prepared, batches)
        except DestinationRejectedError as error:
            yield target, error


def _check_target(target: Target, prepared: PreparedTemplate, batches: list[Batch]) -> None:
    """Checks whether events can go into a target, without asking its server.

    Raises:
        DestinationRejectedError: they cannot.
    """
    check_options(prepared, target)
    if isinstance(target, KafkaTarget):
        _check_schemas(target, prepared, batches)
    if not target.has_columns:
        return
    names = _object_names(target, batches)
    if names is None:
        what = "the events are" if target.value is None else f"`value`, {target.value!r}, is"
        objects = "objects" if target.value is None else "an object"
        raise DestinationRejectedError(f"{what} not {objects}; table rows need objects")
    from eventer.destinations.kind import destination_kind

    shape = prepared.part_shape(target.part)
    destination_kind(target.kind).check_fields(shape, target, names)


def _check_schemas(
    target: KafkaTarget, prepared: PreparedTemplate, batches: Sequence[Batch]
) -> None:
    """Whether the first events fit the schemas of a topic's records.

    Raises:
        DestinationRejectedError: one does not.
    """
    schemas = prepared.record_schemas(target)
    if schemas is None:
        return
    from eventer.destinations.kafka.first_records import check_first_values

    for batch in batches:
        events = [json.loads(text) for text in batch.text.to_pylist()]
        values = [written_value(event, target.part) for event in events]
        check_first_values(schemas, target, batch.index.tolist(), values)


def _absent_fields(
    target: Target,
    prepared: PreparedTemplate,
    batches: list[Batch],
    rules: Sequence[FaultRule],
) -> tuple[str, ...]:
    """The fields that options of the target or faults name and that no event has."""
    from eventer.destinations.option_fields import absent_fields

    def has_value(pointer: str) -> bool:
        columns = (batch.fields.column(pointer, ColumnType.KEY) for batch in batches)
        return any(column.null_count < len(column) for column in columns)

    return absent_fields(prepared.shape, target, has_value, rules)


def _object_names(target: Target, batches: list[Batch]) -> frozenset[str] | None:
    """The names of the fields that a target writes; None if it writes no object."""
    if target.part.is_whole:
        has_objects = any(text.as_py().startswith(b"{") for batch in batches for text in batch.text)
        names = frozenset[str]().union(*(batch.fields.names() for batch in batches))
        return names if has_objects else None
    events = (json.loads(text.as_py()) for batch in batches for text in batch.text)
    written = [written_value(event, target.part) for event in events]
    objects = [value for value in written if isinstance(value, Mapping)]
    return frozenset[str]().union(*objects) if objects else None
