"""A template to an engine that generates its events: `prepare` calls the stages in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from eventer.core.errors import RequestError
from eventer.core.fault_rules import FaultRule, content_rules
from eventer.core.model import (
    WHOLE_EVENT,
    EngineChoice,
    EventShape,
    GeneratorSpec,
    KafkaTarget,
    OnNull,
    Stream,
    Target,
    Template,
    WrittenPart,
)
from eventer.core.value_schema import (
    Optional,
    RecordSchemas,
    ValueSchema,
    with_optional,
    without_omitted,
)
from eventer.core.written_part import omitted_fields, option_tokens, value_tokens
from eventer.functions.catalog import CATALOG
from eventer.functions.fingerprint import fingerprint
from eventer.functions.populations import Populations
from eventer.functions.row_reader import HashedDrawKeys, RowReader
from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.environment import Environment, TraceSink, discard_trace
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.importer import Importer
from eventer.jsonnet.lint import LintNames, LintWarning, lint
from eventer.jsonnet.load import Program, load
from eventer.jsonnet.native_arguments import NativeSignature
from eventer.plan.argument_checks import check_arguments
from eventer.plan.columnar_engine import ColumnarEngine
from eventer.plan.compile_plan import compile_timelines
from eventer.plan.draw_keys import root_key
from eventer.plan.engine import Engine, EventContext
from eventer.plan.faults.delayed_events import DelayedEvents
from eventer.plan.faults.event_delays import EventDelays
from eventer.plan.faults.fault_injecting_engine import FaultInjectingEngine
from eventer.plan.faults.faulty_events import FaultInjector
from eventer.plan.interpreter_engine import InterpreterEngine
from eventer.plan.null_events import NullDroppingEngine
from eventer.plan.plan_cache import PlanCache
from eventer.plan.prefetch_group import PrefetchGroups
from eventer.plan.referenced_events import ReferencedStreams
from eventer.plan.references import (
    ReferencedPrograms,
    check_no_growing,
    names_itself,
    own_stream,
    referenced_programs,
)
from eventer.plan.row_references import bind_row_files, kept_files, library_files
from eventer.plan.shape.infer import infer_schema, infer_shape
from eventer.plan.stream_plan import StreamPlan
from eventer.plan.timelines.interpreted_timelines import InterpretedTimelines
from eventer.plan.timelines.planned_timelines import PlannedTimelines
from eventer.plan.timelines.timeline_rows import Timelines
from eventer.plan.unsupported import PlanUnsupportedError

LINT_NAMES: Final = LintNames(
    drawing=frozenset(name for name in CATALOG.names() if CATALOG.get(name).is_random),
    choosing=frozenset(name for name in CATALOG.names() if CATALOG.get(name).items is not None),
)
SIGNATURES: Final = {
    spec.name: NativeSignature(spec.name, tuple((p.name, p.optional) for p in spec.parameters))
    for spec in map(CATALOG.get, CATALOG.names())
}
PLANS: Final = PlanCache()
"""The plans of this process."""

INTERPRETER_REQUESTED: Final = "the interpreter was requested"
RERUN_BY_INTERPRETER: Final = "the plan leaves events that raise to the interpreter"


@dataclass(frozen=True, slots=True)
class PreparedTemplate:
    """A template that is valid, as far as can be said without generating an event.

    `template` is stored with all that it imports and refers to; `references` are the programs of
    the latter. `fingerprint` names the versions of draws, functions and data that its events depend
    on.
    """

    template: Template
    program: Program
    shape: EventShape
    fingerprint: str
    references: ReferencedPrograms = field(default_factory=dict)
    event_tokens: tuple[str, ...] = ()
    """The reference tokens of an event in the value of the template."""
    step_name: str | None = None
    """The name of the steps of which these are the events; None for all."""

    @property
    def warnings(self) -> tuple[LintWarning, ...]:
        """Warnings about valid but surprising code."""
        return lint(self.program, LINT_NAMES)

    def part_shape(self, part: WrittenPart) -> EventShape:
        """The shape of the written part of events."""
        tokens = value_tokens(part)
        return _without_omitted(self.shape_at(tokens), part)

    def of_steps(self, only: str | None) -> PreparedTemplate:
        """The template of a timeline, prepared for the events of its steps.

        With `only`, for the events of the steps with this name.
        """
        steps = replace(self, event_tokens=("0", "event"), step_name=only)
        return replace(steps, shape=steps.inferred_shape(()))

    def shape_at(self, tokens: Sequence[str]) -> EventShape:
        """The shape of the values that these reference tokens refer to in events."""
        return self.inferred_shape(tokens) if tokens else self.shape

    def inferred_shape(self, tokens: Sequence[str]) -> EventShape:
        """The same as `shape_at`, but inferred again."""
        program, within = self.program, (*self.event_tokens, *tokens)
        return infer_shape(
            program.root,
            program.code,
            program.vars,
            within,
            self.references,
            step_name=self.step_name,
            own_name=self.template.own_name,
        )

    def shape_for(self, target: Target, rules: Sequence[FaultRule] = ()) -> EventShape:
        """The shape that a target needs: of the written part for columns, else of the event.

        With the schemas of records, of which faults on purpose change fields.
        """
        if target.has_columns:
            return self.part_shape(target.part)
        return replace(self.shape, schemas=self.record_schemas(target, rules))

    def record_schemas(
        self, target: Target, rules: Sequence[FaultRule] = ()
    ) -> RecordSchemas | None:
        """The schemas of the records of a topic; None if their formats need none."""
        if not isinstance(target, KafkaTarget) or target.format == target.key_format == "json":
            return None
        value = key = None
        if target.format != "json":
            value = self.value_schema(target.part, rules)
        if target.key_format != "json" and target.key is not None:
            key = self.inferred_schema(option_tokens(target.key))
            key = key.value if isinstance(key, Optional) else key
        return RecordSchemas(value, key)

    def value_schema(self, part: WrittenPart, rules: Sequence[FaultRule] = ()) -> ValueSchema:
        """The schema of the written part of events, of which faults on purpose change fields."""
        tokens = value_tokens(part)
        schema = without_omitted(self.inferred_schema(tokens), omitted_fields(part))
        for rule in content_rules(rules):
            for field_tokens in map(option_tokens, rule.fields):
                if field_tokens[: len(tokens)] == tokens:
                    schema = with_optional(schema, field_tokens[len(tokens) :])
        return schema

    def inferred_schema(self, tokens: Sequence[str]) -> ValueSchema:
        """The schema of the values that these reference tokens refer to in events."""
        program, within = self.program, (*self.event_tokens, *tokens)
        return infer_schema(
            program.root,
            program.code,
            program.vars,
            within,
            self.references,
            step_name=self.step_name,
            own_name=self.template.own_name,
        )

    def engine(
        self,
        stream: Stream,
        context: EventContext,
        *,
        part: WrittenPart = WHOLE_EVENT,
        engine: EngineChoice = "auto",
        budget: Budget | None = None,
        trace: TraceSink = discard_trace,
        match_hints: bool = False,
        populations: Populations = MappingProxyType({}),
        groups: PrefetchGroups | None = None,
    ) -> Engine:
        """The engine of one stream: the plan, or the interpreter if the plan does not cover it.

        Batches have the text of a part of each event. With `match_hints`, batches of the plan have
        hints of repeated text. `populations` are the events of streams that grow. Engines of the
        same `groups` generate ahead together.

        Raises:
            RequestError: `engine` requires the plan, which does not cover the template.
        """
        key = root_key(stream, self.program.digest)

        def interpreter(reason: str) -> InterpreterEngine:
            made = self._interpreter(stream, context, budget, trace, populations)
            return InterpreterEngine(*made, reason, part=part)

        if engine == "interpreter":
            return interpreter(INTERPRETER_REQUESTED)
        try:
            plan = self.plan(stream, context, part, populations)
        except PlanUnsupportedError as unsupported:
            if engine == "plan":
                raise RequestError(
                    f"the plan does not cover this template: {unsupported}"
                ) from unsupported
            return interpreter(str(unsupported))
        return ColumnarEngine(
            plan,
            lambda: interpreter(RERUN_BY_INTERPRETER),
            number=key,
            match_hints=match_hints,
            group=None if groups is None else groups.add_engine(plan, match_hints=match_hints),
        )

    def plan(
        self,
        stream: Stream,
        context: EventContext,
        part: WrittenPart = WHOLE_EVENT,
        populations: Populations = MappingProxyType({}),
    ) -> StreamPlan:
        """The plan of one stream, which writes a part of each event; streams share most of it.

        Raises:
            PlanUnsupportedError: it does not cover the template.
        """
        key = root_key(stream, self.program.digest)
        return PLANS.stream_plan(
            self.template,
            self.program,
            key,
            context,
            part,
            references=self.references,
            populations=populations,
        )

    def timelines(
        self,
        stream: Stream,
        context: EventContext,
        horizon: int,
        *,
        part: WrittenPart = WHOLE_EVENT,
        engine: EngineChoice = "auto",
        budget: Budget | None = None,
        trace: TraceSink = discard_trace,
    ) -> Timelines:
        """The timelines of one stream, of which no step is later than `horizon` ns.

        As `engine`, for a template whose value is an array of steps; a part of each step's event is
        written.

        Raises:
            EvaluationError: it refers to events of generators.
            RequestError: `engine` requires the plan, which does not cover the template.
        """
        check_no_growing(self.program, self.references, self.template.own_name)

        def interpreter(reason: str) -> InterpretedTimelines:
            made = self._interpreter(stream, context, budget, trace)
            return InterpretedTimelines(*made, reason, horizon, part=part)

        if engine == "interpreter":
            return interpreter(INTERPRETER_REQUESTED)
        try:
            plan = self.plan(stream, context)
            steps = compile_timelines(self.program, plan.plan, part)
        except PlanUnsupportedError as unsupported:
            if engine == "plan":
                raise RequestError(
                    f"the plan does not cover this template: {unsupported}"
                ) from unsupported
            return interpreter(str(unsupported))
        return PlannedTimelines(plan, steps, lambda: interpreter(RERUN_BY_INTERPRETER), horizon)

    def step_timelines(self, spec: GeneratorSpec) -> Timelines:
        """The timelines whose steps a generator delivers, perhaps late events and copies."""
        source, timeline = spec.event_source, spec.timeline
        if timeline is None:
            return self.delayed_events(self.generator_engine(spec), source.stream, spec.faults)
        return self.timelines(
            source.stream, source.context, timeline.horizon, part=spec.target.part
        )

    def generator_engine(
        self,
        spec: GeneratorSpec,
        *,
        match_hints: bool = False,
        populations: Populations = MappingProxyType({}),
        groups: PrefetchGroups | None = None,
    ) -> Engine:
        """The engine of a generator with this template, which injects faults into what is written.

        `populations` are the events of other generators that exist for it. `delayed_events`
        are its late events and copies. See `engine` for `groups`.
        """
        source = spec.event_source
        engine = self.engine(
            source.stream,
            source.context,
            part=spec.target.part,
            match_hints=match_hints,
            populations=populations,
            groups=groups,
        )
        engine = dropping_nulls(engine, spec)
        return self.with_faults(engine, source.stream, spec.faults, spec.target)

    def with_faults(
        self, engine: Engine, stream: Stream, rules: Sequence[FaultRule], target: Target
    ) -> Engine:
        """An engine that injects faults into what a target writes of the events of `engine`."""
        rules = content_rules(rules)
        key = root_key(stream, self.program.digest)
        return FaultInjectingEngine(engine, FaultInjector(rules, key, target)) if rules else engine

    def delayed_events(
        self, engine: Engine, stream: Stream, rules: Sequence[FaultRule]
    ) -> DelayedEvents:
        """The late events and copies of events of `engine` as timelines."""
        key = root_key(stream, self.program.digest)
        return DelayedEvents(engine, EventDelays(rules, key))

    def _interpreter(
        self,
        stream: Stream,
        context: EventContext,
        budget: Budget | None,
        trace: TraceSink,
        populations: Populations = MappingProxyType({}),
    ) -> tuple[Interpreter, RowReader, int]:
        """The interpreter of one stream, the rows that it reads, and its root key."""
        meter = Meter(budget or Budget())
        itself = own_stream(self.template, self.program, stream, context)
        reader = RowReader(
            dataset=context.dataset,
            instance_id=context.instance_id,
            references=ReferencedStreams(self.references, populations, meter, trace, itself),
        )
        environment = Environment(reader, HashedDrawKeys(), self.program.vars, trace)
        interpreter = Interpreter(self.program, environment, meter=meter)
        return interpreter, reader, root_key(stream, self.program.digest)


def prepare(template: Template, importer: Importer | None = None) -> PreparedTemplate:
    """Checks a template and infers its shape.

    Args:
        template: Text, variables and stored imports.
        importer: Reads the imports; without it, only stored imports are available.

    Raises:
        TemplateError: the template is invalid, with the place.
        RequestError: its `vars` are not a JSON object.
    """
    prepared = _loaded(template, importer, strict=True)
    references = prepared.references
    check_arguments(prepared.program, SIGNATURES, references, prepared.template.own_name)
    for each in references.values():
        check_arguments(each.program, SIGNATURES, references, each.own_name)
    return prepared


def prepare_stored(template: Template) -> PreparedTemplate:
    """Prepares the template of a generator, which was checked when the generator was added.

    Checks that are newer than the generator do not stop it: only an event that evaluates a wrong
    call raises.

    Raises:
        TemplateError: the template cannot be loaded.
    """
    return _loaded(template, None, strict=False)


def _loaded(template: Template, importer: Importer | None, *, strict: bool) -> PreparedTemplate:
    def loaded(each: Template, stored: bool) -> tuple[Template, Program]:  # noqa: FBT001
        own = None if stored else importer
        find = kept_files(each.row_files) if own is None else library_files(own)
        program, files = bind_row_files(load(each, own, SIGNATURES), find)
        row_files = tuple((file.path, file.digest) for file in files)
        own_name = each.own_name if names_itself(program, each.own_name) else ""
        complete = replace(each, imports=program.imports, row_files=row_files, own_name=own_name)
        return complete, program

    completed, program = loaded(template, False)
    references = referenced_programs(template, program, loaded, strict=strict)
    streams = tuple(each.stream for each in references.values())
    return PreparedTemplate(
        template=replace(completed, references=streams),
        program=program,
        shape=infer_shape(
            program.root,
            program.code,
            program.vars,
            references=references,
            own_name=completed.own_name,
        ),
        fingerprint=fingerprint(),
        references=references,
    )


def dropping_nulls(engine: Engine, spec: GeneratorSpec) -> Engine:
    """An engine that drops null events if its generator does."""
    drops = spec.on_null is OnNull.DROP
    return NullDroppingEngine(engine, spec.target.op) if drops else engine


def _without_omitted(shape: EventShape, part: WrittenPart) -> EventShape:
    omitted = {name for name, inner in omitted_fields(part).items() if inner is None}
    columns = tuple(column for column in shape.columns if column.name not in omitted)
    return replace(shape, columns=columns)
