"""The tests that every registry must pass: subclass `RegistryConformance` and define `open`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventer.core.bindings import Binding
from eventer.core.cursor import FAILED, Cursor
from eventer.core.errors import (
    DestinationRejectedError,
    EvaluationError,
    Fault,
    RequestError,
    TraceFrame,
)
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    CatchUp,
    Column,
    ColumnType,
    EventContext,
    EventShape,
    EventSource,
    FileTarget,
    GeneratorSpec,
    GeneratorState,
    KafkaTarget,
    OnError,
    OnNull,
    Position,
    PostgresTarget,
    Segment,
    Stream,
    Template,
    TimelineSpec,
)
from eventer.core.pace import ticks
from eventer.core.source import Place
from eventer.registry.base import (
    Add,
    BeginBindings,
    BeginFingerprint,
    BeginIncarnation,
    BeginSegment,
    BegunFingerprint,
    GeneratorExistsError,
    GeneratorFailure,
    GeneratorRecord,
    Registry,
    Remove,
    SetName,
    SetPolicies,
    SetPosition,
    SetState,
)

MAX_ID = (1 << 64) - 1
STREAM = Stream(MAX_ID, "orders")
CONTEXT = EventContext("crazy_airflow", "here")
PLACE = Place("template", 2, 5, 2, 9, "  a: usr.näme,")


def sample_spec(
    *, stream: Stream = STREAM, context: EventContext = CONTEXT, **changes: object
) -> GeneratorSpec:
    """A spec in which no field has its default value."""
    template = Template("{ a: 'ß\n' }", "orders.jsonnet", '{"x":1}', (("lib/a", b"\x00\xff"),))
    spec = GeneratorSpec(
        EventSource(template, stream, context),
        KafkaTarget(
            "boo",
            "other",
            "id",
            "p",
            "t",
            (("h", "/x"),),
            3,
            2,
            (("cleanup.policy", "compact"),),
            value="/row",
            omit=("a", "/b/c"),
            op="op",
        ),
        shape=EventShape((Column("a", ColumnType.TIMESTAMPTZ),), open=False, is_object=True),
        on_error=OnError.SKIP,
        catch_up=CatchUp.REPLAY,
        engine="plan",
        engine_reason="because",
        digest="digest",
        explicit_seed=True,
        on_null=OnNull.DROP,
        faults=(
            FaultRule(FaultKind.CORRUPT, 0.25, ("a", "/b/c"), "header"),
            FaultRule(FaultKind.LATE, 0.5, by=(1, 600_000_000_000)),
        ),
        timeline=TimelineSpec(60_000_000_000, "orders"),
    )
    return replace(spec, **changes)  # type: ignore[arg-type]  # each test names real fields


def sample_record(id_: int, **changes: object) -> GeneratorRecord:
    """A record in which no field has its default value."""
    record = GeneratorRecord(
        id=id_,
        name=f"orders/{id_}",
        incarnation=1,
        identity=f"identity of {id_}",
        spec=sample_spec(),
        shard=1,
        segments=(Segment(1 << 60, 0, ticks(10, 10_000_000_000)),),
        created_at=1_700_000_000_000_000_000,
        updated_at=1_700_000_000_000_000_001,
        state=GeneratorState.WAITING,
        fingerprints=(
            BegunFingerprint(0, "draw 1"),
            BegunFingerprint(7, "draw 2", Cursor(1_000, 5, FAILED)),
        ),
        failure=GeneratorFailure(RequestError("no", (Fault("/a", "wrong", "hint", PLACE),)), 5),
        position=Position(1 << 50, 3, 1 << 45, ((0, 1), (100, 4)), 1 << 40, Cursor(1 << 60, 9, 2)),
    )
    return replace(record, **changes)  # type: ignore[arg-type]  # each test names real fields


def add(id_: int, **spec: Any) -> Add:
    """Adds a sample record; `spec` changes its spec."""
    return Add(sample_record(id_, spec=sample_spec(**spec)))


def without_failure(record: GeneratorRecord) -> GeneratorRecord:
    """The record without its failure: errors have no equality."""
    return replace(record, failure=None)


class RegistryConformance:
    """The contract of `Registry` as tests. Each starts with an empty folder."""

    async def open(self, folder: Path, *, shards: int = 2) -> Registry:
        """Opens the registry in a folder; creates a missing one."""
        raise NotImplementedError

    @pytest.fixture
    async def registry(self, tmp_path: Path) -> AsyncIterator[Registry]:
        """A new registry in `tmp_path`."""
        registry = await self.open(tmp_path)
        yield registry
        await registry.close()

    async def test_the_cluster_is_chosen_once(self, tmp_path: Path) -> None:
        """Id and shards never change; the ids of two registries differ."""
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

    async def test_every_field_is_durable(self, registry: Registry, tmp_path: Path) -> None:
        """Also unsigned 64-bit numbers."""
        keyed = PostgresTarget('"a.b"', "db", ("id", "x"))
        files = FileTarget("a/b", "lake", "parquet", ("x", "dt={date}"), "row", ("y",))
        records = (
            sample_record(MAX_ID),
            sample_record(0, spec=sample_spec(target=keyed, stream=Stream(0)), failure=None),
            sample_record(1, spec=sample_spec(target=PostgresTarget("t"), context=EventContext())),
            sample_record(2, spec=sample_spec(target=files)),
        )
        await registry.apply([Add(record) for record in records])
        await registry.close()
        again = await self.open(tmp_path)
        assert tuple(map(without_failure, await again.all())) == tuple(
            map(without_failure, records)
        )
        failure = (await again.get([MAX_ID]))[MAX_ID].failure
        assert failure is not None
        assert failure.at == 5
        assert isinstance(failure.error, RequestError)
        assert failure.error.faults == (Fault("/a", "wrong", "hint", PLACE),)
        await again.close()

    async def test_changes_are_all_or_nothing(self, registry: Registry) -> None:
        """An `Add` of an existing id rejects all changes."""
        await registry.apply([add(1)])
        with pytest.raises(GeneratorExistsError):
            await registry.apply([add(2), Remove(3), add(1), add(4)])
        assert [record.id for record in await registry.all()] == [1]
        await registry.apply([add(2)])
        assert (await registry.get([2]))[2].incarnation == 1

    async def test_names_are_unique(self, registry: Registry, tmp_path: Path) -> None:
        """Among the existing generators; a removed one frees its name."""
        first, second = sample_record(1, name="a"), sample_record(2, name="b")
        await registry.apply([Add(first), Add(second)])
        for change in (Add(sample_record(3, name="a")), SetName(2, 1, "a", 5)):
            with pytest.raises(GeneratorExistsError):
                await registry.apply([Remove(9), add(4), change])
        await registry.apply(
            [SetName(1, 1, "c", 5), SetName(2, 1, "a", 6), Remove(1), Add(replace(first, name="c"))]
        )
        await registry.close()
        again = await self.open(tmp_path)
        found = {each.name: each for each in await again.all()}
        assert list(found) == ["a", "c"]
        assert found["a"].updated_at == 6
        await again.close()

    async def test_incarnations_outlive_removal(self, registry: Registry, tmp_path: Path) -> None:
        """A generator that is added again has a new incarnation, also after closing."""
        await registry.apply([add(1), Remove(1)])
        assert await registry.get([1]) == {}
        await registry.close()
        again = await self.open(tmp_path)
        await again.apply([add(1), Remove(1), add(1)])
        record = (await again.get([1]))[1]
        assert record.incarnation == 3
        assert len(record.segments) == 1
        assert record.fingerprints == sample_record(1).fingerprints
        await again.close()

    async def test_a_change_alters_only_its_incarnation(self, registry: Registry) -> None:
        """Other generators and other fields stay."""
        record, other = sample_record(1), sample_record(2)
        await registry.apply([Add(record), Add(other)])
        segment, position = (
            Segment(5, 6, ticks(7, 8)),
            Position(1, 2, 3, ((4, 5),), cursor=Cursor(3_000, 7, 0)),
        )
        await registry.apply(
            [
                BeginSegment(1, 1, segment, 10),
                SetState(1, 1, GeneratorState.PAUSED, None, 11),
                SetPolicies(1, 1, OnError.STOP, CatchUp.DROP, 12),
                SetName(1, 1, "other", 12),
                SetPosition(1, 1, position),
                BeginFingerprint(1, 1, BegunFingerprint(9, "draw 3", Cursor(2_000, 6, 1))),
            ]
        )
        expected = replace(
            record,
            name="other",
            segments=(*record.segments, segment),
            state=GeneratorState.PAUSED,
            failure=None,
            spec=replace(record.spec, on_error=OnError.STOP, catch_up=CatchUp.DROP),
            position=position,
            fingerprints=(
                *record.fingerprints,
                BegunFingerprint(9, "draw 3", Cursor(2_000, 6, 1)),
            ),
            updated_at=12,
        )
        found = await registry.get([1, 2, 3])
        assert found.keys() == {1, 2}
        assert found[1] == expected
        assert without_failure(found[2]) == without_failure(other)

    async def test_changes_of_other_incarnations_do_nothing(self, registry: Registry) -> None:
        """Such as an earlier incarnation, or a removed generator."""
        await registry.apply([add(1), Remove(1), add(1)])
        before = (await registry.get([1]))[1]
        for id_ in (1, 99):
            await registry.apply(
                [
                    BeginSegment(id_, 1, Segment(5, 6, ticks(7, 8)), 10),
                    SetState(id_, 1, GeneratorState.FAILED, None, 11),
                    SetPolicies(id_, 1, OnError.STOP, CatchUp.DROP, 12),
                    SetName(id_, 1, "other", 12),
                    SetPosition(id_, 1, Position(1)),
                    BeginFingerprint(id_, 1, BegunFingerprint(9, "draw 3")),
                    BeginIncarnation(id_, 1, Segment(5, 6, ticks(7, 8)), 13),
                ]
            )
        after = await registry.get([1, 99])
        assert after.keys() == {1}
        assert without_failure(after[1]) == without_failure(before)

    async def test_a_new_incarnation_starts_at_zero(self, registry: Registry) -> None:
        """Position, failure and segments are new; the current fingerprint is valid from 0."""
        record, segment = sample_record(1), Segment(5, 0, ticks(7, 8))
        await registry.apply([Add(record)])
        await registry.apply([BeginIncarnation(1, 1, segment, 13)])
        expected = replace(
            record,
            incarnation=2,
            segments=(segment,),
            failure=None,
            position=Position(),
            fingerprints=(BegunFingerprint(0, "draw 2"),),
            updated_at=13,
        )
        assert (await registry.get([1]))[1] == expected

    async def test_bindings_are_durable(self, registry: Registry, tmp_path: Path) -> None:
        """In their order, until a new incarnation."""
        segments = sample_record(1).segments
        one = Binding("a", 0, MAX_ID, 2, segments)
        two = (Binding("a", 7, MAX_ID, 2, segments, 12), Binding("b", 7, 3, 1, segments[:1]))
        await registry.apply([add(1), add(2), BeginBindings(1, 1, (one,))])
        await registry.apply([BeginBindings(1, 1, two), BeginBindings(2, 9, (one,))])
        await registry.close()
        again = await self.open(tmp_path)
        assert [record.bindings for record in await again.all()] == [(one, *two), ()]
        await again.apply([BeginBindings(1, 1, (replace(one, first=5),))])
        assert (await again.get([1]))[1].bindings == (one, two[1], replace(one, first=5))
        await again.apply([BeginIncarnation(1, 1, segments[0], 8)])
        assert (await again.get([1]))[1].bindings == ()
        await again.close()

    async def test_the_seed_of_a_stream_and_template(self, registry: Registry) -> None:
        """The oldest generator decides; a stream's name is not a digest."""
        await registry.apply(
            [
                add(1, digest="d", stream=Stream(11, "s")),
                add(2, digest="d", stream=Stream(12, "s")),
                add(3, digest="d", stream=Stream(13)),
                add(4, digest="e", stream=Stream(14, "s")),
            ]
        )
        assert await registry.find_seed("s", "d") == 11
        assert await registry.find_seed(None, "d") == 13
        assert await registry.find_seed("s", "e") == 14
        assert await registry.find_seed(None, "e") is None
        assert await registry.find_seed("d", "d") is None

    async def test_errors_keep_class_place_and_hint(self, registry: Registry) -> None:
        """The failure is read back with all its attributes."""
        trace = (TraceFrame("function <f>", PLACE),)
        evaluation = EvaluationError("no", PLACE, hint="do", trace=trace)
        evaluation.index = 41
        rejected = DestinationRejectedError("full", hint="empty it", index=7)
        for id_, error in ((1, evaluation), (2, rejected)):
            failed = SetState(id_, 1, GeneratorState.FAILED, GeneratorFailure(error, 3), 4)
            await registry.apply([add(id_), failed])
            failure = (await registry.get([id_]))[id_].failure
            assert failure is not None
            assert type(failure.error) is type(error)
            assert vars(failure.error) == vars(error)
            assert str(failure.error) == str(error)
