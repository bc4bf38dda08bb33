"""What the events of an add request may refer to, and its seeds."""

from dataclasses import replace

from eventer.core.fault_rules import FaultRule
from eventer.core.model import (
    FixedPopulation,
    GeneratorSpec,
    GrowingPopulation,
    KafkaTarget,
    NoPopulation,
    ReferencedStream,
    TimelineSpec,
)
from eventer.core.pace import ticks
from eventer.registry.base import GeneratorRecord
from eventer.service.event_references import (
    DELAYED,
    TIMELINES,
    is_delayed,
    known_seeds,
    with_references,
    with_seeds,
)
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest, ScheduleRequest
from eventer.service.template_service import PackedReferences
from eventer.workers.inspector_messages import InspectTemplate, unpacked_references

EVENTS = (
    EventRequest("{ a: 1 }", id="customers", pace=None, count=9, dataset="d"),
    EventRequest("{ b: 1 }", id="countries", pace=None, seed=3, stream="s"),
    EventRequest("std.native('get_event_of')", id="orders", pace=ticks(1, 1)),
)
NAMES = [each.id for each in EVENTS]
REQUEST = AddRequest(
    (DestinationRequest("d", KafkaTarget("t")),), EVENTS, (ScheduleRequest("d", "orders"),)
)


def streams(first_seed: int = 10) -> tuple[ReferencedStream, ...]:
    sources = [each.event_source(first_seed + n, "i") for n, each in enumerate(EVENTS)]
    *_, orders = with_references(REQUEST, sources, lambda _: None)
    return tuple(replace(each, digest=each.name) for each in orders.template.references)


def record(*references: ReferencedStream) -> GeneratorRecord:
    source = EVENTS[2].event_source(1, "i")
    source = replace(source, template=replace(source.template, references=references))
    spec = GeneratorSpec(source, KafkaTarget("t"))
    return GeneratorRecord(1, "kafka:t", "identity", spec, 0, (), 0, 0)


def test_every_event_may_refer_to_all_others() -> None:
    customers, countries, orders = streams()
    assert (customers.population, customers.context.dataset) == (FixedPopulation(9), "d")
    assert (countries.population, countries.explicit_seed) == (FixedPopulation(None), True)
    assert orders.population == GrowingPopulation()
    assert customers.template.text == "{ a: 1 }"
    assert not customers.template.references
    texts = ("local x = import 'x.libsonnet'; x", "std.native('get_event\\u005fof')", "{ a: 1 }")
    sources = [
        replace(each, template=text).event_source(1, "i")
        for each, text in zip(EVENTS, texts, strict=True)
    ]
    *others, alone = with_references(REQUEST, sources, lambda _: None)
    for source in others:
        assert [each.name for each in source.template.references] == NAMES
    assert alone.template.references == ()


def test_templates_that_refer_to_events_share_the_streams_of_a_request() -> None:
    """They are packed once, which goes by identity."""
    request = replace(REQUEST, events=(*EVENTS, replace(EVENTS[2], id="payments")))
    sources = [each.event_source(1, "i") for each in request.events]
    *_, orders, payments = with_references(request, sources, lambda _: None)
    assert orders.template.references is payments.template.references


def test_generators_that_refer_to_a_stream_share_its_seed_unless_one_is_chosen() -> None:
    customers, countries, _ = streams()
    new_customers, new_countries, _ = streams(20)
    known = known_seeds([record(customers, countries)])
    found = with_seeds(record(new_customers, new_countries), known)
    one, two = found.spec.event_source.template.references
    assert one.stream.seed == customers.stream.seed == 10
    assert two.stream.seed == new_countries.stream.seed == 21
    other = replace(new_customers, digest="another template")
    kept = with_seeds(record(other), known).spec.event_source.template.references
    assert kept == (other,)


def test_the_streams_of_a_request_are_packed_once_for_all_its_events() -> None:
    packed, given = PackedReferences(), streams()
    first = packed.of(given)
    assert packed.of(given) is first
    assert packed.of(()) == b""
    template = InspectTemplate(EVENTS[2].event_source(1, "i"), 0, 1, 1, references=first).template
    assert template.references == given
    assert unpacked_references(first) is template.references
    assert packed.of(streams()[1:]) != first
    assert packed.of(given) is first


def test_a_generator_that_does_not_deliver_by_index_cannot_be_referred_to() -> None:
    late = FaultRule("late", 0.5)  # type: ignore[arg-type]
    for event, why in (
        (replace(EVENTS[2], faults=(late,)), DELAYED),
        (replace(EVENTS[2], timeline=TimelineSpec(9)), TIMELINES),
    ):
        sources = [each.event_source(1, "i") for each in EVENTS]
        request = replace(REQUEST, events=(*EVENTS[:2], event))
        *_, orders = with_references(request, sources, lambda _: None)
        assert orders.template.references[2].population == why
        assert (is_delayed(event.faults), is_delayed(())) == (why is DELAYED, False)


def test_generators_that_exist_are_found_by_their_names() -> None:
    source = replace(EVENTS[2], template="std.native('get_event_of')('a', \"b\")")
    existing = replace(record(*streams()[:1]), id=7)
    request = replace(REQUEST, events=(*EVENTS[1:2], source))
    sources = [each.event_source(1, "i") for each in request.events]
    *_, orders = with_references(request, sources, {"a": existing}.get)
    found = {each.name: each for each in orders.template.references}
    assert found["a"].population == GrowingPopulation(7)
    assert found["customers"].population == FixedPopulation(9)
    clash = {"a": replace(record(replace(streams()[0], name="countries")), id=7)}
    *_, orders = with_references(request, sources, clash.get)
    (population,) = (e.population for e in orders.template.references if e.name == "a")
    assert population == NoPopulation(
        "refers to 'countries', which is another event here",
        "give the other event another name than 'countries'",
    )
