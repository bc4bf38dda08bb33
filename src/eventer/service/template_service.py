"""Previews, validates and explains templates, for the service and for the command line alike."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from eventer.core.clock import Clock, SystemClock
from eventer.core.error_text import format_place
from eventer.core.fault_rules import FaultRule
from eventer.core.model import ConsoleTarget, EventSource, ReferencedStream, Target
from eventer.core.timelines import TimelineSpec
from eventer.plan.explain_text import measurement_text, plan_text
from eventer.plan.explanation import TemplateExplanation
from eventer.service.recent_inspections import RecentInspections
from eventer.service.request_faults import raise_faults, target_faults, unsupported_faults
from eventer.service.requests import PreviewRequest
from eventer.settings import Settings
from eventer.workers.fork_client import ForkClient
from eventer.workers.inspector_messages import (
    INSPECTED_EVENTS,
    CpuLimit,
    ExplainTemplate,
    FormattedTemplate,
    FormatTemplate,
    Inspection,
    InspectTemplate,
    PreviewedEvents,
    PreviewEvents,
    ProfileTemplate,
    TemplateProfile,
    packed_references,
)
from eventer.workers.inspector_pool import InspectorPool
from eventer.workers.messages import WorkerConfig

_DRY_RUN_TIME_SHARE: Final = 0.75
"""Share of the time limit after which a dry run stops with the events that it has."""
_PREVIEW_SECONDS: Final = 15.0
"""CPU time for all events after the first, or for the measurement of a plan."""

_RECENT: Final = 4
"""A request has at most two sets of streams."""
_PROFILE_SECONDS: Final = 2.0
"""CPU time after which a profile uses the events that it has."""


class TemplateService:
    """Answers questions about templates that belong to no generator.

    An inspector process evaluates the template: a crash or an endless loop does not harm this one.
    """

    def __init__(self, settings: Settings, inspectors: InspectorPool, clock: Clock) -> None:
        self._settings = settings
        self._inspectors = inspectors
        self._clock = clock
        self._packed = PackedReferences()
        self._recent = RecentInspections()

    async def preview(self, request: PreviewRequest) -> PreviewedEvents:
        """Generates events of a template; see `Eventer.preview`."""
        _check_faults(request)
        event_source, at = self._event_source(request), self._instant(request)
        question = PreviewEvents(
            event_source,
            at,
            request.first,
            request.count,
            request.engine,
            request.part,
            request.faults,
            request.timeline,
        )
        return await self._inspectors.ask(question, PreviewedEvents, preview_limit(self._settings))

    async def validate(self, request: PreviewRequest, target: Target | None = None) -> Inspection:
        """Checks a template and its first events, and whether `target` can take them.

        The shape of the answer is that of what the target writes.

        Raises:
            TemplateError: the template is invalid, or all of its first events fail.
            RequestError: a name in the target is invalid, or it cannot take the faults.
            WorkerLostError: the inspector process died.
        """
        _check_faults(request)
        if target is not None:
            raise_faults(list(target_faults(target, f"/destination/{target.kind}")))
        elif request.faults:
            target = ConsoleTarget()
        found = await self.inspect(
            self._event_source(request),
            () if target is None else (target,),
            self._instant(request),
            request.timeline,
            request.faults,
        )
        for errors in found.fault_errors.values():
            raise_faults([replace(error, pointer="/faults" + error.pointer) for error in errors])
        return found if target is None else replace(found, shape=found.written_shape(target))

    async def inspect(
        self,
        event_source: EventSource,
        targets: Iterable[Target],
        at: int,
        timeline: TimelineSpec | None = None,
        faults: tuple[FaultRule, ...] = (),
    ) -> Inspection:
        """Checks a template and its first events, due at `at`, and which targets can take them.

        With `timeline`, they are the steps of its first timelines. Targets must take `faults`, too.
        An inspection that holds for all streams is kept for a minute.

        Raises:
            TemplateError: the template is invalid, or all of its first events fail.
            WorkerLostError: the inspector process died.
        """
        seconds = self._settings.limits.inspect_seconds
        template = event_source.template
        question = InspectTemplate(
            replace(event_source, template=replace(template, references=())),
            at=at,
            count=INSPECTED_EVENTS,
            seconds=seconds * _DRY_RUN_TIME_SHARE,
            targets=tuple(targets),
            timeline=timeline,
            faults=faults,
            references=self._packed.of(template.references),
        )
        known = self._recent.find(question)
        if known is not None:
            return known
        inspection = await self._inspectors.ask(question, Inspection, CpuLimit(seconds))
        self._recent.keep(question, inspection)
        return inspection

    async def explain(self, request: PreviewRequest, *, measured: bool) -> TemplateExplanation:
        """Shows a template's plan or why it has none; `measured` times it for about a second.

        Raises:
            TemplateError: the template is invalid.
            WorkerLostError: the inspector process died.
        """
        question = ExplainTemplate(
            self._event_source(request), self._instant(request), measured, request.timeline
        )
        return await self._inspectors.ask(
            question, TemplateExplanation, preview_limit(self._settings)
        )

    async def profile(self, request: PreviewRequest) -> TemplateProfile:
        """Profiles the fields of the first `request.count` events; fewer if they are costly.

        Raises:
            TemplateError: the template is invalid, or all of its first events fail.
            WorkerLostError: the inspector process died.
        """
        question = ProfileTemplate(
            self._event_source(request), self._instant(request), request.count, _PROFILE_SECONDS
        )
        limit = CpuLimit(self._settings.limits.inspect_seconds + _PREVIEW_SECONDS)
        return await self._inspectors.ask(question, TemplateProfile, limit)

    async def format(self, text: str) -> FormattedTemplate:
        """A template in the usual form; see `jsonnet.format.formatter.format_source`.

        Raises:
            TemplateError: it is not valid Jsonnet.
            WorkerLostError: the inspector process died.
        """
        limit = CpuLimit(self._settings.limits.inspect_seconds)
        return await self._inspectors.ask(FormatTemplate(text), FormattedTemplate, limit)

    def _event_source(self, request: PreviewRequest) -> EventSource:
        seed = secrets.randbits(64) if request.seed is None else request.seed
        return request.event_source(seed, self._settings.instance_id)

    def _instant(self, request: PreviewRequest) -> int:
        return self._clock.now_ns() if request.at is None else request.at


class PackedReferences:
    """Packs the streams that templates may refer to; the events of one request share them.

    So the time that a request takes does not grow with the square of its events.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[tuple[ReferencedStream, ...], bytes]] = deque(maxlen=_RECENT)

    def of(self, streams: tuple[ReferencedStream, ...]) -> bytes:
        """The packed streams; those of the last few (identical) tuples are kept."""
        for known, packed in self._recent:
            if known is streams:
                return packed
        packed = packed_references(streams)
        if streams:
            self._recent.append((streams, packed))
        return packed


def _check_faults(request: PreviewRequest) -> None:
    raise_faults(list(unsupported_faults(request.faults, request.timeline, "/faults")))


def preview_limit(settings: Settings) -> CpuLimit:
    """The CPU time for events or an explanation that are only shown.

    The first event may take as long as the first events of a template that is added.
    """
    return CpuLimit(settings.limits.inspect_seconds, _PREVIEW_SECONDS)


def explanation_text(explanation: TemplateExplanation) -> str:
    """A template's plan, or why it has none, and its measured cost."""
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


@asynccontextmanager
async def standalone_template_service(settings: Settings) -> AsyncIterator[TemplateService]:
    """A template service with one inspector process, which lives as long as the block."""
    memory = settings.limits.worker_memory_bytes
    config = WorkerConfig("inspector", 0, {}, settings.library, memory)
    fork_client = ForkClient(inspectors_only=True)
    inspectors = InspectorPool(1, config, fork_client)
    inspectors.start()
    try:
        yield TemplateService(settings, inspectors, SystemClock())
    finally:
        await inspectors.stop()
        fork_client.stop()
