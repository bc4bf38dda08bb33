"""Add requests: seeds, identities, faults with their places, and all or nothing."""

from dataclasses import replace

import pytest

from eventer.core.errors import (
    DestinationRejectedError,
    EvaluationError,
    NotFoundError,
    RequestError,
    TemplateSyntaxError,
)
from eventer.core.model import GeneratorState, KafkaTarget, PostgresTarget
from eventer.core.pace import ticks
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    PreviewRequest,
    ScheduleRequest,
)
from tests.integration.service.conftest import (
    COUNTING,
    EVENT,
    AddRequestBuilder,
    ServiceEnvironment,
    until_position,
    until_state,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")

GOOD = DestinationRequest("good", KafkaTarget("good"))


def request(*events: EventRequest, destination: DestinationRequest = GOOD) -> AddRequest:
    schedules = tuple(ScheduleRequest(destination.id, event.id) for event in events)
    return AddRequest((destination,), events, schedules)


def named(name: str, template: str, **changes: object) -> EventRequest:
    return replace(EVENT, id=name, template=template, **changes)  # type: ignore[arg-type]


async def test_identities_seeds_and_relations(shared_environment: ServiceEnvironment) -> None:
    async with shared_environment.service() as eventer:
        boo, moo = await eventer.add(AddRequestBuilder().to("boo", "moo").request)
        assert boo.id != moo.id
        assert boo.record.spec.stream.seed == moo.record.spec.stream.seed
        page = await eventer.events(boo.id, 5, 20)
        assert (await eventer.events(moo.id, 5, 20)).events == page.events
        assert page.first == 5
        (other,) = await eventer.add(AddRequestBuilder().to("loo").request)
        assert other.record.spec.stream.seed == boo.record.spec.stream.seed, (
            "taken over from stream and template"
        )
        (named_,) = await eventer.add(AddRequestBuilder().with_event(stream="s").request)
        assert named_.record.spec.stream.seed != boo.record.spec.stream.seed
        (seeded,) = await eventer.add(AddRequestBuilder().with_event(seed=42).request)
        assert seeded.record.spec.stream.seed == 42
        assert len({boo.id, moo.id, other.id, named_.id, seeded.id}) == 5
        assert boo.id in seeded.related
        assert moo.id not in seeded.related
        edition = "{ edition: 2, n: std.native('get_integer')(1, 1e9) }"
        (newer,) = await eventer.add(
            AddRequestBuilder().with_event(stream="s", template=edition).request
        )
        assert newer.related == (named_.id,)
        respelt = "{ of: std.native('get_dataset')(\"none\"), ['n']: (std.native('get_integer'))"
        (same,) = await eventer.add(
            AddRequestBuilder().with_event(template=f"{respelt}(1, 1000000000) }}").request
        )
        assert (same.id, same.created, same.updated) == (boo.id, False, False)


async def test_faults_of_templates_have_places_and_nothing_is_added(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        with pytest.raises(RequestError) as caught:
            await eventer.add(
                request(
                    named("fine", COUNTING),
                    named("broken", "{\n  a: ,\n}"),
                    named("raising", "{ a: error 'always' }", field="schema"),
                    named("endless", "local f(x) = f(x + 1) tailstrict; f(0)"),
                )
            )
        faults = caught.value.faults
        assert [f.pointer for f in faults] == [
            "/events/1/template",
            "/events/2/schema",
            "/events/3/template",
        ]
        assert faults[0].place is not None
        assert (faults[0].place.line, faults[0].place.column) == (2, 6)
        assert await eventer.status() == ()
    assert shared_environment.numbers("good") == []


async def test_a_rejected_target_fails_before_anything_is_created(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        both = AddRequest(
            (GOOD, DestinationRequest("bad", KafkaTarget("refused"))),
            (EVENT,),
            (ScheduleRequest("good", "e"), ScheduleRequest("bad", "e")),
        )
        with pytest.raises(RequestError) as caught:
            await eventer.add(both)
        (fault,) = caught.value.faults
        assert fault.pointer == "/destinations/1/kafka"
        assert "takes nothing" in fault.message
        assert await eventer.status() == ()
    assert shared_environment.numbers("good") == []


async def test_a_later_rejection_fails_the_generator(
    shared_environment: ServiceEnvironment,
) -> None:
    shared_environment.down()
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().to("refused").request)
        assert added.state is GeneratorState.WAITING
        shared_environment.up()

        failed = await until_state(eventer, added.id, "failed")
        assert failed.last_error is not None
        assert isinstance(failed.last_error.error, DestinationRejectedError)
        (again,) = await eventer.add(AddRequestBuilder().to("boo").request)
        await until_position(eventer, again.id, 10)


async def test_one_identity_at_two_paces_is_refused(shared_environment: ServiceEnvironment) -> None:
    async with shared_environment.service() as eventer:
        with pytest.raises(RequestError) as caught:
            await eventer.add(request(EVENT, named("f", COUNTING, pace=ticks(3, 20_000_000))))
        assert [f.pointer for f in caught.value.faults] == ["/schedules/1"]
        one, two = await eventer.add(request(EVENT, named("f", COUNTING)))
        assert one.id == two.id
        assert len(await eventer.status()) == 1


async def test_a_generator_is_known_by_its_name(shared_environment: ServiceEnvironment) -> None:
    async with shared_environment.service() as eventer:
        both = AddRequestBuilder().to("boo", "moo").request
        first, second = both.schedules
        asked = replace(both, schedules=(replace(first, name="orders"), second))
        named_, derived = await eventer.add(asked)
        assert (named_.name, derived.name) == ("orders", "kafka:moo/e")
        (found,) = await eventer.status("orders")
        assert found.id == named_.id
        with pytest.raises(RequestError, match=f"generator {named_.id} has the name 'orders'"):
            await eventer.add(replace(both, schedules=(first, replace(second, name="orders"))))
        await until_position(eventer, named_.id, 10)
        (renamed, same) = await eventer.add(
            replace(both, schedules=(replace(first, name="new"), second))
        )
        assert (renamed.id, renamed.name, renamed.updated) == (named_.id, "new", True)
        assert (same.name, same.updated) == ("kafka:moo/e", False)
        with pytest.raises(NotFoundError, match="no generator has the name 'orders'"):
            await eventer.pause("orders")
        assert (await eventer.pause("new")).position >= 10
        assert (await eventer.events("new", 0, 1)).indices == (0,)
        removal = await eventer.remove(["new", named_.id, "orders"])
        assert (removal.removed, removal.unknown) == ((named_.id,), ("orders",))
        (again, _) = await eventer.add(both)
        assert again.name == "kafka:boo/e"


async def test_a_field_that_events_lack_is_refused_or_shown(
    shared_environment: ServiceEnvironment,
) -> None:
    destination = DestinationRequest("good", KafkaTarget("good", key="ordr"))
    async with shared_environment.service() as eventer:
        with pytest.raises(RequestError, match="`key` names the field 'ordr'"):
            await eventer.add(request(named("a", "{ order: 1 }"), destination=destination))
        is_open = named("a", "{ order: 1, ['f' + std.native('get_integer')(1, 9)]: 2 }")
        (added,) = await eventer.add(request(is_open, destination=destination))
        assert "records get no key" in added.warnings[0].text
        (known,) = await eventer.status(added.id)
        assert known.warnings == added.warnings


async def test_preview_and_validate(shared_environment: ServiceEnvironment) -> None:
    async with shared_environment.service() as eventer:
        asked = PreviewRequest(COUNTING, count=5, seed=9, dataset="here")
        preview = await eventer.templates.preview(asked)
        assert len(preview.events) == 5
        assert preview.seed == 9
        assert b'"of":"here"' in preview.events[0]
        assert (await eventer.templates.preview(replace(asked, first=2, count=1))).events == (
            preview.events[2],
        )
        with pytest.raises(TemplateSyntaxError):
            await eventer.templates.preview(PreviewRequest("{"))
        with pytest.raises(EvaluationError):
            await eventer.templates.preview(PreviewRequest("error 'x'"))
        validation = await eventer.templates.validate(PreviewRequest(COUNTING), PostgresTarget("t"))
        assert [column.name for column in validation.shape.columns] == ["n", "of"]
        with pytest.raises(RequestError, match="/destination/postgres/table"):
            await eventer.templates.validate(PreviewRequest("{}"), PostgresTarget("a.b.c"))
        validation = await eventer.templates.validate(PreviewRequest("[1]"), PostgresTarget("t"))
        assert "object" in validation.rejections[PostgresTarget("t")].message
        assert await eventer.status() == ()
        with pytest.raises(NotFoundError):
            await eventer.events(1, 0, 1)


async def test_previewed_events_are_those_that_are_delivered(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        preview = await eventer.templates.preview(
            PreviewRequest(COUNTING, count=50, seed=9, stream="s")
        )
        (added,) = await eventer.add(
            AddRequestBuilder().with_event(seed=9, stream="s", dataset=None).request
        )
        await until_position(eventer, added.id, 50)
    assert shared_environment.texts("boo")[:50] == list(preview.events)
