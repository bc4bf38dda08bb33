"""Inspector processes: their answers, and their time and memory limits."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio

from eventer.core.errors import (
    BudgetError,
    EvaluationError,
    RequestError,
    TemplateError,
    TemplateSyntaxError,
)
from eventer.core.model import (
    EventSource,
    KafkaTarget,
    OnError,
    PostgresTarget,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.plan.engine import EventContext
from eventer.workers.fork_client import ForkClient
from eventer.workers.inspector_messages import (
    CpuLimit,
    Inspection,
    InspectTemplate,
    PreviewedEvents,
    PreviewEvents,
    RecomputedEvents,
    RecomputeEvents,
)
from eventer.workers.inspector_pool import InspectorPool
from eventer.workers.messages import WorkerConfig
from tests.waiting import wait_until_async

NOW = 1_700_000_000_000_000_000
PATIENT = CpuLimit(30.0, 30.0)
"""Seconds of CPU time."""


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspectors(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[InspectorPool]:
    """One process for all tests; it is replaced after a test that kills it."""
    library = tmp_path_factory.mktemp("library")
    (library / "units.libsonnet").write_text("{ euro: 'EUR' }")
    config = WorkerConfig("inspector", cluster=1, connectors={}, library=library, memory=1 << 30)
    fork_client = ForkClient(inspectors_only=True)
    running = InspectorPool(1, config, fork_client)
    running.start()
    yield running
    await running.stop()
    fork_client.stop()


def event_source(text: str, **changes: object) -> EventSource:
    return EventSource(Template(text, **changes), Stream(7), EventContext("data", "me"))  # type: ignore[arg-type]


def inspect(
    text: str, *targets: KafkaTarget | PostgresTarget, seconds: float = 10
) -> InspectTemplate:
    return InspectTemplate(event_source(text), NOW, 100, seconds, targets)


def slow(milliseconds: int) -> str:
    """A template whose events take about this time each; a trace keeps it off the plan."""
    total = f"std.foldl(function(t, i) t + i, std.range(1, {milliseconds * 1000}), 0)"
    return f"{{ a: std.trace('slow', {total}) }}"


async def test_the_facts_about_a_template(inspectors: InspectorPool) -> None:
    text = "{ a: std.native('get_integer')(1, 9), u: (import 'units.libsonnet').euro }"
    found = await inspectors.ask(inspect(text, PostgresTarget("t")), Inspection, PATIENT)
    assert found.template.imports == (("units.libsonnet", b"{ euro: 'EUR' }"),)
    assert [column.name for column in found.shape.columns] == ["a", "u"]
    assert found.rejections == {}
    assert found.failing is None
    assert len(bytes.fromhex(found.digest)) == 32
    again = await inspectors.ask(
        inspect("{ u: (import 'units.libsonnet')['euro'], a: std.native('get_integer')(1, 9) }"),
        Inspection,
        PATIENT,
    )
    assert again.digest == found.digest


async def test_traces_and_warnings_come_along(inspectors: InspectorPool) -> None:
    text = "{ a: std.trace('hello', 1), b: std.native('get_one_of')('only') }"
    found = await inspectors.ask(inspect(text), Inspection, PATIENT)
    assert any("hello" in line for line in found.traces)
    assert len(found.warnings) == 1
    assert found.warnings[0].place is not None


async def test_some_failing_events_are_reported_and_all_failing_are_an_error(
    inspectors: InspectorPool,
) -> None:
    some = "if std.native('get_integer')(1, 5) == 1 then error 'now and then' else {}"
    found = await inspectors.ask(inspect(some), Inspection, PATIENT)
    assert isinstance(found.failing, EvaluationError)
    with pytest.raises(EvaluationError, match="always"):
        await inspectors.ask(inspect("error 'always'"), Inspection, PATIENT)
    with pytest.raises(TemplateSyntaxError):
        await inspectors.ask(inspect("{ a: "), Inspection, PATIENT)


async def test_targets_that_cannot_take_the_events_are_named(inspectors: InspectorPool) -> None:
    topic, table = KafkaTarget("t"), PostgresTarget("t")
    found = await inspectors.ask(inspect("[1]", topic, table), Inspection, PATIENT)
    assert list(found.rejections) == [table]


async def test_options_that_name_fields_which_events_lack(inspectors: InspectorPool) -> None:
    misspelled, right = KafkaTarget("t", key="ordr"), KafkaTarget("t", key="order")
    closed = await inspectors.ask(inspect("{ order: 1 }", misspelled, right), Inspection, PATIENT)
    assert list(closed.rejections) == [misspelled]
    assert (closed.absent, closed.warnings) == ({}, ())
    template = "{ order: 1, ['f' + std.native('get_integer')(1, 9)]: 2 }"
    found = await inspectors.ask(inspect(template, misspelled, right), Inspection, PATIENT)
    assert found.rejections == {}
    assert found.absent == {misspelled: ("ordr",)}
    (warning,) = found.warnings
    assert "records get no key (did you mean 'order'?)" in warning.text
    either = KafkaTarget("t", key="f1", headers=(("h", "/order/x"),))
    found = await inspectors.ask(inspect(template, either), Inspection, PATIENT)
    assert found.absent == {either: ("/order/x",)}


async def test_an_inspection_holds_for_all_streams_if_no_draw_and_no_dataset_can_change_it(
    inspectors: InspectorPool,
) -> None:
    draw, data = "std.native('get_integer')(0, 9)", "std.native('get_dataset')('none')"
    now = "std.native('get_timestamp')('now', 'now', '1ms')"
    expected = {
        f"{{ n: {draw}, data: {data}, at: {now} }}": True,
        f"{{ n: 1 / {draw} }}": False,
        f"if {draw} > 9 then error 'never' else {{}}": False,
        f"{{ [if {data} == 'data' then 'a']: 1 }}": False,
        f"{{ n: std.trace('hello', {draw}) }}": False,
        "{ u: (import 'units.libsonnet').euro }": False,
    }
    found = {
        text: (await inspectors.ask(inspect(text), Inspection, PATIENT)).holds_for_all_streams
        for text in expected
    }
    assert found == expected
    misspelled = inspect(
        "{ ['f' + std.native('get_integer')(1, 9)]: 2 }", KafkaTarget("t", key="f")
    )
    absent = await inspectors.ask(misspelled, Inspection, PATIENT)
    assert not absent.holds_for_all_streams


async def test_a_recent_template_is_inspected_with_the_stream_of_each_request(
    inspectors: InspectorPool,
) -> None:
    text = "if std.native('get_dataset')('') == 'bad' then error 'bad' else { n: 1 }"
    for _ in range(2):
        await inspectors.ask(inspect(text), Inspection, PATIENT)
    bad = EventSource(Template(text), Stream(7), EventContext("bad"))
    with pytest.raises(EvaluationError, match="bad"):
        await inspectors.ask(InspectTemplate(bad, NOW, 100, 10), Inspection, PATIENT)


async def test_a_slow_template_is_checked_with_fewer_events(inspectors: InspectorPool) -> None:
    found = await inspectors.ask(inspect(slow(60), seconds=0.5), Inspection, PATIENT)
    assert 1 <= sum("slow" in line for line in found.traces) < 100


async def test_a_process_beyond_its_time_limit_is_killed_and_replaced(
    inspectors: InspectorPool,
) -> None:
    await inspectors.ask(inspect("{}"), Inspection, PATIENT)
    ((_, before, restarts_before),) = inspectors.processes()
    with pytest.raises(BudgetError, match=r"took more than 0\.2 s of CPU time"):
        await inspectors.ask(inspect(slow(30)), Inspection, CpuLimit(0.2))
    await inspectors.ask(inspect("{}"), Inspection, PATIENT)
    ((_, after, restarts),) = inspectors.processes()
    assert before != after
    assert restarts == restarts_before + 1


@pytest.mark.timing
async def test_a_refusal_takes_its_cpu_time_by_the_clock(inspectors: InspectorPool) -> None:
    await inspectors.ask(inspect("{}"), Inspection, PATIENT)
    began = time.monotonic()
    with pytest.raises(BudgetError):
        await inspectors.ask(inspect(slow(30)), Inspection, CpuLimit(1.0))
    took = time.monotonic() - began
    print(f"refused after {took:.2f} s (bound: 1.5 s)")
    assert took <= 1.5


async def test_the_first_event_has_its_own_time_limit(inspectors: InspectorPool) -> None:
    question = PreviewEvents(event_source(slow(40)), NOW, 0, 6)
    shown = await inspectors.ask(question, PreviewedEvents, PATIENT)
    assert len(shown.events) == 6
    limit = CpuLimit(0.02, PATIENT.rest)
    with pytest.raises(BudgetError, match=r"0\.02 s of CPU time for an event"):
        await inspectors.ask(question, PreviewedEvents, limit)
    with pytest.raises(BudgetError, match=r"0\.04 s for the others"):
        await inspectors.ask(question, PreviewedEvents, CpuLimit(PATIENT.first, 0.04))


async def test_a_killed_process_is_replaced_and_asked_again(
    inspectors: InspectorPool,
) -> None:
    await inspectors.ask(inspect("{}"), Inspection, PATIENT)
    ((_, pid, _),) = inspectors.processes()
    assert pid is not None
    process = psutil.Process(pid)
    before = process.cpu_times().user

    async def computes() -> bool:
        return process.cpu_times().user > before

    question = asyncio.create_task(
        inspectors.ask(inspect(slow(30), seconds=1), Inspection, PATIENT)
    )
    await wait_until_async(computes)
    os.kill(pid, signal.SIGKILL)
    assert (await question).engine == "interpreter"


async def test_memory_is_bounded(inspectors: InspectorPool) -> None:
    hungry = "std.foldl(function(a, i) a + [a], std.range(1, 60), [])"
    with pytest.raises(TemplateError):
        await inspectors.ask(inspect(hungry), Inspection, PATIENT)
    assert (await inspectors.ask(inspect("{}"), Inspection, PATIENT)).failing is None


async def test_previewed_events_equal_recomputed_ones(
    inspectors: InspectorPool,
) -> None:
    text = "{ n: std.native('get_integer')(1, 1e9), d: std.native('get_dataset')('none') }"
    shown = await inspectors.ask(
        PreviewEvents(event_source(text), NOW, 5, 10), PreviewedEvents, PATIENT
    )
    question = RecomputeEvents(
        event_source(text), (Segment(NOW, 0, ticks(1, 1000)),), 5, 10, OnError.STOP
    )
    assert (await inspectors.ask(question, RecomputedEvents, PATIENT)).events == shown.events
    assert len(set(shown.events)) == 10
    assert b'"d":"data"' in shown.events[0]


async def test_failed_events_are_not_recomputed_if_they_are_skipped(
    inspectors: InspectorPool,
) -> None:
    text = "if std.native('get_integer')(1, 3) == 1 then error 'one' else {}"
    pace = (Segment(NOW, 0, ticks(1, 1000)),)
    question = RecomputeEvents(event_source(text), pace, 0, 60, OnError.SKIP)
    events = (await inspectors.ask(question, RecomputedEvents, PATIENT)).events
    assert 20 < len(events) < 60
    passed = RecomputeEvents(event_source(text), pace, 0, 60, OnError.STOP, position=60)
    assert (await inspectors.ask(passed, RecomputedEvents, PATIENT)).events == events
    with pytest.raises(EvaluationError, match="one"):
        await inspectors.ask(
            RecomputeEvents(event_source(text), pace, 0, 60, OnError.STOP),
            RecomputedEvents,
            PATIENT,
        )


async def test_a_page_of_events_has_a_size(inspectors: InspectorPool) -> None:
    large = "{ a: std.repeat('x', 900000) }"
    with pytest.raises(RequestError, match="ask for fewer"):
        await inspectors.ask(
            PreviewEvents(event_source(large), NOW, 0, 100), PreviewedEvents, PATIENT
        )


async def test_an_unknown_engine_is_rejected(inspectors: InspectorPool) -> None:
    traced = "std.trace('an event', {})"
    with pytest.raises(RequestError, match="the plan does not cover"):
        await inspectors.ask(
            PreviewEvents(event_source(traced), NOW, 0, 1, engine="plan"), PreviewedEvents, PATIENT
        )
