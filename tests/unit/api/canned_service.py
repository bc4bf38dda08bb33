"""A service with canned answers, for tests of the wire format."""

from eventer.core.errors import EvaluationError, EventerError, NotFoundError
from eventer.core.fault_rules import FaultKind, InjectedFault
from eventer.core.model import (
    Column,
    ColumnType,
    EventContext,
    EventShape,
    EventSource,
    GeneratorSpec,
    GeneratorState,
    KafkaTarget,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.core.source import Place
from eventer.destinations.audit import AuditReport, Finding, Flaw, UncheckedRange
from eventer.registry.base import GeneratorFailure, GeneratorRecord
from eventer.service.eventer import Eventer
from eventer.service.format_template import format_template
from eventer.service.pace_preview import preview_pace
from eventer.service.shard_totals import ShardTotals
from eventer.service.views import (
    ConnectionReport,
    GeneratorView,
    Removal,
    Snapshot,
    TargetSize,
    Verification,
)
from eventer.workers.field_profiles import profile_fields
from eventer.workers.inspector_messages import (
    FormattedTemplate,
    HealthyEvent,
    Inspection,
    PreviewedEvents,
    RecomputedEvents,
    RecomputedFaults,
    TemplateProfile,
    TemplateWarning,
)
from eventer.workers.messages import AuditProgress, ShardId
from eventer.workers.supervisor import ProcessStatus

PLACE = Place("template", 2, 5, 2, 8, "{a: usr.name}")
BIGGEST = (1 << 64) - 1


def failing_event():
    error = EvaluationError("division by zero", PLACE, hint="check the divisor")
    error.index = 41
    return error


def view(id_=BIGGEST, *, created_at=0, **changes):
    event_source = EventSource(
        Template("{}"), Stream(BIGGEST - 1, "orders"), EventContext("crazy_airflow")
    )
    values = {
        "record": GeneratorRecord(
            id_,
            "kafka:boo",
            "identity",
            GeneratorSpec(
                event_source, KafkaTarget("boo", key="id"), engine_reason="there is no other yet"
            ),
            shard=0,
            segments=(Segment(0, 0, ticks(10, 10_000_000_000)),),
            created_at=created_at,
            updated_at=1_500_000_000,
        ),
        "state": GeneratorState.FAILED,
        "position": 41,
        "skipped": 1,
        "dropped": 2,
        "bytes": 1 << 60,
        "requested_rate": 1.0,
        "delivered_rate": 0.5,
        "lag": 3,
        "next_tick": 1_700_000_000_123_456_789,
        "last_error": GeneratorFailure(failing_event(), 1_700_000_000_000_000_000),
        "delivery": "exactly-once",
        "faults": {FaultKind.NULL: 5, FaultKind.LATE: 0},
    }
    return GeneratorView(**values | changes)


class CannedService(Eventer):
    """Answers every call with all fields set; raises `fails` instead, if set."""

    def __init__(self):
        self.asked = []
        self.templates = self
        self.fails: BaseException | None = None
        self.breaks: BaseException | None = None

    def _ask(self, *what):
        self.asked.append(what)
        if self.fails is not None:
            raise self.fails

    async def add(self, request):
        self._ask("add", request)
        return tuple(
            view(number, created=True, updated=False, related=(7,))
            for number, _ in enumerate(request.schedules)
        )

    async def status(self, id=None):
        self._ask("status", id)
        return (view(id),) if id is not None else (view(1), view(2, last_error=None))

    async def remove(self, ids):
        self._ask("remove", ids)
        if 404 in ids:
            raise NotFoundError("there is no generator 404")
        return Removal(ids, ("5",))

    async def pause(self, id):
        self._ask("pause", id)
        return view(id, state=GeneratorState.PAUSED)

    async def resume(self, id, *, skip=False, position=None):
        self._ask("resume", id, skip, position)
        return view(id, state=GeneratorState.RUNNING)

    def preview_pace(self, pace, *, length=None, buckets=60):
        self._ask("pace", pace, length, buckets)
        return preview_pace(pace, 0, length=length, buckets=buckets)

    async def events(self, id, first, count):
        self._ask("events", id, first, count)
        return RecomputedEvents(first, (b'{"a":1e400}', b"null"), (first, first + 1))

    async def faults(self, id, first, count):
        self._ask("faults", id, first, count)
        faults = (
            InjectedFault(FaultKind.MISSING, "/a"),
            InjectedFault(FaultKind.CORRUPT, "/b", "truncated"),
        )
        return RecomputedFaults(first, (HealthyEvent(first + 1, faults, b'{"a":1,"b":"x"}'),))

    async def _tail(self, id, last):
        self._ask("tail", id, last)
        yield await self.events(id, 5, 2)
        yield RecomputedEvents(7, ())
        raise NotFoundError(f"no generator has the id {id}")

    def tail(self, id, *, last=0):
        return self._tail(id, last)

    async def profile(self, request):
        self._ask("profile", request)
        profiles = profile_fields([b'{"a":1,"b":"x"}', b'{"a":2}'])
        return TemplateProfile(profiles, 7, "interpreter", "why", failing_event())

    async def format(self, text):
        self._ask("format", text)
        return FormattedTemplate(format_template(text), changed=True)

    async def _verify(self, id, allow_foreign):
        self._ask("verify", id, allow_foreign)
        yield AuditProgress(10, 100)
        if self.breaks is not None:
            raise self.breaks
        yield AuditProgress(50, 100)
        totals = dict.fromkeys(Flaw, 0) | {Flaw.FOREIGN: 1, Flaw.MISSING: 1}
        findings = (
            Finding(Flaw.MISSING, 41),
            Finding(Flaw.FOREIGN, None, {"partition": 0, "offset": 7}, "why"),
        )
        unchecked = (UncheckedRange(0, 3, "the topic no longer has them"),)
        report = AuditReport(100, 96, 1, 98, 1, totals, findings, unchecked, ("a note",))
        yield Verification(id, report, clean=allow_foreign)

    def verify(self, id, *, allow_foreign=False):
        return self._verify(id, allow_foreign)

    async def preview(self, request):
        self._ask("preview", request)
        warnings = (TemplateWarning("one item only", PLACE), TemplateWarning("no place", None))
        return PreviewedEvents((b'{"a":0.1}',), 7, "interpreter", "why", warnings, ("TRACE: x",))

    async def validate(self, request, target=None):
        self._ask("validate", request, target)
        shape = EventShape((Column("id", ColumnType.BIGINT),), open=False, is_object=True)
        warnings = (TemplateWarning("one item only", PLACE),)
        return Inspection(
            Template("{}"),
            "digest",
            "fingerprint",
            "interpreter",
            None,
            shape,
            warnings,
            failing=failing_event(),
        )

    async def test_connection(self, name, targets=()):
        self._ask("test_connection", name, targets)
        sizes = {each: TargetSize(7, None, 3) for each in targets}
        return ConnectionReport("Kafka, 1 broker", "at-least-once", "why", sizes)

    async def problems(self):
        self._ask("problems")
        return ()

    async def snapshot(self):
        self._ask("snapshot")
        totals = ShardTotals(True, None, "exactly-once", 1000, 336_000, 10, 1)
        totals.lateness[0], totals.lateness[4], totals.lateness[-1] = 2, 1, 3
        totals.lateness_sum, totals.stages = 12.5, {"encode": 3}
        return Snapshot(
            (view(), view(3, state=GeneratorState.RUNNING)),
            {ShardId("kafka", 1): totals},
            (ProcessStatus("w0", None, 2),),
        )


class UnexpectedError(EventerError):
    """An error without a problem type."""
