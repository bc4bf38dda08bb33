"""What every registry must do: subclass `RegistryConformance` and give it `open`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eventer.core.errors import (
    DestinationRejectedError,
    EvaluationError,
    Fault,
    RequestError,
    TraceFrame,
)
from eventer.core.model import (
    CatchUp,
    Column,
    ColumnType,
    EventContext,
    EventShape,
    EventSource,
    GeneratorSpec,
    GeneratorState,
    KafkaTarget,
    OnError,
    Position,
    PostgresTarget,
    Segment,
    Stream,
    Template,
)
from eventer.core.source import Place
from eventer.registry.base import (
    Add,
    BeginFingerprint,
    BeginIncarnation,
    BeginSegment,
    Change,
    GeneratorExistsError,
    GeneratorFailure,
    GeneratorRecord,
    Registry,
    Remove,
    SetPolicies,
    SetPosition,
    SetState,
)

MAX_ID = (1 << 64) - 1
STREAM = Stream(MAX_ID, "orders")
CONTEXT = EventContext("crazy_airflow", "here")
PLACE = Place("template", 2, 5, 2, 9, "  a: usr.näme,")


def sample_spec(
    *,
    stream: Stream = STREAM,
    context: EventContext = CONTEXT,
    **changes: object,
) -> GeneratorSpec:
    """A spec in which no field has its default, so that a forgotten one shows."""
    template = Template("{ a: 'ß\n' }", "orders.jsonnet", '{"x":1}', (("lib/a", b"\x00\xff"),))
    spec = GeneratorSpec(
        EventSource(template, stream, context),
        KafkaTarget(
            "boo", "other", "id", "p", "t", (("h", "/x"),), 3, 2, (("cleanup.policy", "compact"),)
        ),
        shape=EventShape((Column("a", ColumnType.TIMESTAMPTZ),), open=False, is_object=True),
        on_error=OnError.SKIP,
        catch_up=CatchUp.REPLAY,
        engine="plan",
        engine_reason="because",
        digest="digest",
        explicit_seed=True,
    )
    return replace(spec, **changes)  # type: ignore[arg-type]  # each test names real fields


def sample_record(id_: int, **changes: object) -> GeneratorRecord:
    """A record in which no field has its default, so that a forgotten one shows."""
    record = GeneratorRecord(
        id=id_,
        incarnation=1,
        identity=f"identity of {id_}",
        spec=sample_spec(),
        shard=1,
        segments=(Segment(1 << 60, 0, 10, 10_000_000_000),),
        created_at=1_700_000_000_000_000_000,
        updated_at=1_700_000_000_000_000_001,
        state=GeneratorState.WAITING,
        fingerprints=((0, "draw 1"), (7, "draw 2")),
        failure=GeneratorFailure(RequestError("no", (Fault("/a", "wrong", "hint", PLACE),)), 5),
        position=Position(1 << 50, 3, 1 << 45, ((0, 1), (100, 4))),
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # each test names real fields


class RegistryConformance:
    """The tests. Each begins with an empty folder; `open` opens what is in it, or makes it."""

    async def open(self, folder: Path, *, shards: int = 2) -> Registry:
        """Opens the registry kept in a folder."""
        raise NotImplementedError

    async def test_the_cluster_is_drawn_once_and_kept(self, tmp_path: Path) -> None:
        """Id and shards are fixed at creation, and differ between registries."""
        first = await self.open(tmp_path / "a", shards=7)
        cluster = first.cluster
        await first.close()
        again = await self.open(tmp_path / "a", shards=9)
        other = await self.open(tmp_path / "b")
        assert again.cluster == cluster
        assert cluster.shards == 7
        assert 0 <= cluster.id <= MAX_ID
        assert other.cluster.id != cluster.id
        await again.close()
        await other.close()

    async def test_every_field_survives_closing(self, tmp_path: Path) -> None:
        """What was added reads back equal, unsigned 64-bit numbers included."""
        registry = await self.open(tmp_path)
        records = (
            sample_record(MAX_ID),
            sample_record(
                0,
                spec=sample_spec(
                    target=PostgresTarget('"a.b"', "db", ("id", "x")), stream=Stream(0)
                ),
                failure=None,
            ),
            sample_record(1, spec=sample_spec(target=PostgresTarget("t"), context=EventContext())),
        )
        await registry.apply([Add(record) for record in records])
        await registry.close()
        again = await self.open(tmp_path)
        for record, read in zip(records, await again.all(), strict=True):
            assert replace(read, failure=None) == replace(record, failure=None)
        failure = (await again.get([MAX_ID]))[MAX_ID].failure
        assert failure is not None
        assert failure.at == 5
        assert isinstance(failure.error, RequestError)
        assert failure.error.faults == (Fault("/a", "wrong", "hint", PLACE),)
        await again.close()

    async def test_adding_is_all_or_nothing(self, tmp_path: Path) -> None:
        """One that is there already refuses the whole request, what came before it included."""
        registry = await self.open(tmp_path)
        await registry.apply([Add(sample_record(1))])
        changes: list[Change] = [
            Add(sample_record(2)),
            Remove(3),
            Add(sample_record(1)),
            Add(sample_record(4)),
        ]
        with pytest.raises(GeneratorExistsError):
            await registry.apply(changes)
        assert [record.id for record in await registry.all()] == [1]
        await registry.apply([Add(sample_record(2))])
        assert (await registry.get([2]))[2].incarnation == 1
        await registry.close()

    async def test_incarnations_outlive_removal(self, tmp_path: Path) -> None:
        """Removed and added again, also in one request and after closing, it is a new one."""
        registry = await self.open(tmp_path)
        await registry.apply([Add(sample_record(1)), Remove(1)])
        assert await registry.get([1]) == {}
        await registry.close()
        registry = await self.open(tmp_path)
        await registry.apply([Add(sample_record(1)), Remove(1), Add(sample_record(1))])
        record = (await registry.get([1]))[1]
        assert record.incarnation == 3
        assert len(record.segments) == 1
        assert record.fingerprints == sample_record(1).fingerprints
        await registry.close()

    async def test_changes_reach_the_named_incarnation(self, tmp_path: Path) -> None:
        """Each change alters what it names and nothing else."""
        registry = await self.open(tmp_path)
        record, other = sample_record(1), sample_record(2)
        await registry.apply([Add(record), Add(other)])
        segment = Segment(5, 6, 7, 8)
        await registry.apply(
            [
                BeginSegment(1, 1, segment, 10),
                SetState(1, 1, GeneratorState.PAUSED, None, 11),
                SetPolicies(1, 1, OnError.STOP, CatchUp.DROP, 12),
                SetPosition(1, 1, Position(1, 2, 3, ((4, 5),))),
                BeginFingerprint(1, 1, 9, "draw 3"),
            ]
        )
        expected = replace(
            record,
            segments=(*record.segments, segment),
            state=GeneratorState.PAUSED,
            failure=None,
            spec=replace(record.spec, on_error=OnError.STOP, catch_up=CatchUp.DROP),
            position=Position(1, 2, 3, ((4, 5),)),
            fingerprints=(*record.fingerprints, (9, "draw 3")),
            updated_at=12,
        )
        found = await registry.get([1, 2, 3])
        assert found[1] == expected
        assert replace(found[2], failure=None) == replace(other, failure=None)
        assert found.keys() == {1, 2}
        await registry.close()

    async def test_late_reports_touch_no_successor(self, tmp_path: Path) -> None:
        """A change of an earlier incarnation, or of a removed generator, does nothing."""
        registry = await self.open(tmp_path)
        await registry.apply([Add(sample_record(1)), Remove(1), Add(sample_record(1))])
        before = (await registry.get([1]))[1]
        for id_ in (1, 99):
            await registry.apply(
                [
                    BeginSegment(id_, 1, Segment(5, 6, 7, 8), 10),
                    SetState(id_, 1, GeneratorState.FAILED, None, 11),
                    SetPolicies(id_, 1, OnError.STOP, CatchUp.DROP, 12),
                    SetPosition(id_, 1, Position(1)),
                    BeginFingerprint(id_, 1, 9, "draw 3"),
                    BeginIncarnation(id_, 1, Segment(5, 6, 7, 8), 13),
                ]
            )
        after = await registry.get([1, 99])
        assert after.keys() == {1}
        assert replace(after[1], failure=None) == replace(before, failure=None)
        await registry.close()

    async def test_a_new_incarnation_begins_at_zero(self, tmp_path: Path) -> None:
        """Position, failure and paces are new; the fingerprint that holds now holds from 0."""
        registry = await self.open(tmp_path)
        record = sample_record(1)
        await registry.apply([Add(record)])
        segment = Segment(5, 0, 7, 8)
        await registry.apply([BeginIncarnation(1, 1, segment, 13)])
        expected = replace(
            record,
            incarnation=2,
            segments=(segment,),
            failure=None,
            position=Position(),
            fingerprints=((0, "draw 2"),),
            updated_at=13,
        )
        assert (await registry.get([1]))[1] == expected
        await registry.close()

    async def test_seeds_are_found_by_stream_and_template(self, tmp_path: Path) -> None:
        """The oldest generator of a stream and template says its seed; a name is not a digest."""
        registry = await self.open(tmp_path)
        await registry.apply(
            [
                Add(sample_record(1, spec=sample_spec(digest="d", stream=Stream(11, "s")))),
                Add(sample_record(2, spec=sample_spec(digest="d", stream=Stream(12, "s")))),
                Add(sample_record(3, spec=sample_spec(digest="d", stream=Stream(13)))),
                Add(sample_record(4, spec=sample_spec(digest="e", stream=Stream(14, "s")))),
            ]
        )
        assert await registry.find_seed("s", "d") == 11
        assert await registry.find_seed(None, "d") == 13
        assert await registry.find_seed("s", "e") == 14
        assert await registry.find_seed(None, "e") is None
        assert await registry.find_seed("d", "d") is None
        await registry.close()

    async def test_related_generators_share_stream_and_place(self, tmp_path: Path) -> None:
        """Editions of a template in one topic are related, whatever options shape their events."""
        registry = await self.open(tmp_path)
        boo, moo = KafkaTarget("boo"), KafkaTarget("moo")
        keyed = replace(boo, key="id")
        await registry.apply(
            [
                Add(
                    sample_record(
                        1, spec=sample_spec(digest="d", target=boo, stream=Stream(1, "s"))
                    )
                ),
                Add(
                    sample_record(
                        2, spec=sample_spec(digest="e", target=keyed, stream=Stream(1, "s"))
                    )
                ),
                Add(
                    sample_record(
                        3, spec=sample_spec(digest="d", target=moo, stream=Stream(1, "s"))
                    )
                ),
                Add(sample_record(4, spec=sample_spec(digest="d", target=boo, stream=Stream(1)))),
                Add(sample_record(5, spec=sample_spec(digest="e", target=boo, stream=Stream(1)))),
            ]
        )
        assert await registry.find_related("s", "f", boo) == (1, 2)
        assert await registry.find_related(None, "d", keyed) == (4,)
        assert await registry.find_related(None, "f", boo) == ()
        assert await registry.find_related("s", "d", replace(boo, connection="x")) == ()
        assert await registry.find_related("s", "d", PostgresTarget("boo", "kafka")) == ()
        await registry.close()

    async def test_errors_keep_kind_place_and_hint(self, tmp_path: Path) -> None:
        """The last error reads back as the error that it was."""
        evaluation = EvaluationError(
            "no", PLACE, hint="do", trace=(TraceFrame("function <f>", PLACE),)
        )
        evaluation.index = 41
        rejected = DestinationRejectedError("full", hint="empty it", index=7)
        registry = await self.open(tmp_path)
        await registry.apply([Add(sample_record(1)), Add(sample_record(2))])
        await registry.apply(
            [
                SetState(1, 1, GeneratorState.FAILED, GeneratorFailure(evaluation, 3), 4),
                SetState(2, 1, GeneratorState.FAILED, GeneratorFailure(rejected, 3), 4),
            ]
        )
        found = await registry.get([1, 2])
        for id_, error in ((1, evaluation), (2, rejected)):
            failure = found[id_].failure
            assert failure is not None
            assert type(failure.error) is type(error)
            assert vars(failure.error) == vars(error)
            assert str(failure.error) == str(error)
        await registry.close()
