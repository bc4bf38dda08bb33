"""What generators read of others: their bindings, their gates, and generators that stall."""

from dataclasses import replace

import pytest

from eventer.core.model import (
    EventContext,
    GeneratorState,
    GrowingPopulation,
    Position,
    ReferencedStream,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.registry.base import BeginBindings, BeginSegment
from eventer.runs.pacing import END
from eventer.runs.populations import NOTHING
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.reference_gates import STALL_NS, ReferenceGates
from eventer.testing.registry_conformance import sample_record

S = 1_000_000_000


class Gates(ReferenceGates):
    """Gates whose worker pool only remembers them."""

    def __init__(self) -> None:
        self.index = GeneratorIndex()
        self.sent: list[int] = []
        super().__init__(self.index, self)  # type: ignore[arg-type]  # for set_gate

    def set_gate(self, _key: object, gate: int) -> None:
        self.sent.append(gate)

    def add(self, id_: int, *references: int) -> Generator:
        record = sample_record(id_, name=f"g{id_}")
        source = record.spec.event_source
        streams = tuple(
            ReferencedStream(
                f"r{each}", Template("1"), Stream(1), EventContext(), GrowingPopulation(each)
            )
            for each in references
        )
        source = replace(source, template=replace(source.template, references=streams))
        record = replace(
            record,
            spec=replace(record.spec, event_source=source),
            segments=(Segment(0, 0, ticks(2, S)),),
            state=GeneratorState.RUNNING,
        )
        generator = Generator(record, cluster=1, position=Position(0))
        self.index.add(generator)
        return generator

    def resume(self, generator: Generator) -> int:
        for change in self.changes(generator, generator.position.next):
            generator.apply(change)
        return self.open(generator)


@pytest.fixture
def gates() -> Gates:
    return Gates()


def ends(generator: Generator) -> list[tuple[int, int | None]]:
    return [(each.first, each.end) for each in generator.record.bindings]


def test_a_gate_follows_the_commits_of_the_other_generator(gates: Gates) -> None:
    other, reader = gates.add(1), gates.add(2, 1)
    assert gates.open(other) == END
    assert gates.resume(reader) == NOTHING
    assert (ends(reader), list(gates.changes(reader, 0))) == ([(0, None)], [])
    assert gates.waits_for(reader, 5 * S) == ("g1",)
    for position, gate in ((1, S), (2, 2 * S), (7, 4 * S)):
        other.position = Position(position)
        gates.moved(other)
        assert gates.sent[-1] == gate
    assert gates.waits_for(reader, 4 * S - 1) == ()
    gates.close(reader)
    other.position = Position(9)
    gates.moved(other)
    assert (gates.sent[-1], gates.outdated()) == (4 * S, [])


def test_each_change_of_the_other_generator_begins_a_binding(gates: Gates) -> None:
    other, reader = gates.add(1), gates.add(2, 1)
    gates.resume(reader)
    other.position, reader.position = Position(8), Position(5)
    for state, end in (
        (GeneratorState.PAUSED, 8),
        (GeneratorState.RUNNING, None),
        (GeneratorState.FAILED, 8),
        (GeneratorState.FINISHED, None),
    ):
        other.update_record(state=state)
        assert gates.outdated() == [reader]
        gates.resume(reader)
        assert (ends(reader)[-1], gates.outdated()) == ((5, end), [])
    other.update_record(state=GeneratorState.RUNNING)
    assert gates.outdated() == []
    other.new_segment_at = 9 * S
    gates.resume(reader)
    assert ends(reader)[-1] == (5, 8)
    other.apply(BeginSegment(1, 1, Segment(9 * S, 8, ticks(1, S)), 0))
    other.new_segment_at = None
    gates.resume(reader)
    assert len(reader.record.bindings[-1].segments) == 2
    other.update_record(incarnation=2)
    other.position = Position(0)
    gates.moved(other)
    assert (gates.sent[-1], gates.outdated()) == (NOTHING, [reader])
    assert isinstance(next(gates.changes(reader, 5)), BeginBindings)
    known = len(reader.record.bindings)
    assert [each.first for each in gates.bindings(reader, 3)] == [3]
    assert len(reader.record.bindings) == known


def test_a_gate_closes_when_the_other_generator_reads_other_events(gates: Gates) -> None:
    first, middle, reader = gates.add(1), gates.add(2, 1), gates.add(3, 2)
    first.position = middle.position = Position(8)
    gates.resume(middle)
    assert gates.resume(reader) > NOTHING
    (own, inner) = gates.all_bindings(reader)
    assert (own.path, own.generator) == (("r2",), 2)
    assert (inner.path, inner.generator, inner.first) == (("r2", "r1"), 1, 8)

    first.update_record(state=GeneratorState.PAUSED)
    assert gates.outdated() == [middle]
    gates.resume(middle)
    gates.moved(middle)
    assert (gates.sent[-1], gates.outdated()) == (NOTHING, [reader])
    assert gates.resume(reader) > NOTHING
    assert gates.outdated() == []
    assert ends(reader) == [(0, None)]
    assert [each.end for each in gates.all_bindings(reader) if each.via] == [8]


def test_a_generator_that_stalls_is_not_waited_for_until_it_goes_on(gates: Gates) -> None:
    other, empty, reader = gates.add(1), gates.add(3), gates.add(2, 1, 3)
    other.position, empty.position = Position(4), Position(0)
    gates.resume(reader)
    gates.find_stalled(10 * S)
    assert gates.waits_for(reader, 10 * S) == ("g1", "g3")
    gates.find_stalled(10 * S + STALL_NS)
    assert gates.outdated() == [reader]
    gates.resume(reader)
    assert sorted(ends(reader), key=str) == [(0, 4), (0, None)]
    assert gates.waits_for(reader, 10 * S) == ("g3",)
    other.position = Position(5)
    assert gates.outdated() == [reader]
    gates.resume(reader)
    assert ends(reader)[-1] == (0, None)
    gates.find_stalled(20 * S + STALL_NS)
    assert gates.outdated() == []


def test_a_gate_closes_when_the_other_generator_has_times_that_the_binding_lacks(
    gates: Gates,
) -> None:
    other, reader = gates.add(1), gates.add(2, 1)
    other.position = Position(4)
    assert gates.resume(reader) > NOTHING
    later = Segment(9 * S, 4, ticks(2, S))
    other.update_record(segments=(*other.record.segments, later))
    gates.moved(other)
    assert gates.sent[-1] == NOTHING
    assert gates.outdated() == [reader]
    assert gates.resume(reader) > NOTHING


def test_changes_that_were_written_during_a_withdrawal_are_applied_once(gates: Gates) -> None:
    gates.add(1)
    reader = gates.add(2, 1)
    begun = BeginSegment(2, reader.record.incarnation, Segment(9 * S, 4, ticks(2, S)), 0)
    changes = [begun, *gates.changes(reader, 0)]
    for _ in range(2):
        reader.apply_stored(changes)
    assert (len(reader.record.segments), ends(reader)) == (2, [(0, None)])
    reader.apply_stored([replace(begun, incarnation=99, segment=replace(begun.segment, n0=7))])
    assert len(reader.record.segments) == 2


def test_generators_that_others_read_are_known(gates: Gates) -> None:
    gates.add(1)
    reader = gates.add(2, 1, 1)
    assert list(gates.index.readers_of(1)) == [2]
    assert (gates.index.refers(1), gates.index.refers(2)) == (False, True)
    gates.index.remove(reader)
    assert not gates.index.readers_of(1)
