"""The names of an add request's generators."""

import pytest

from eventer.core.model import KafkaTarget, Stream
from eventer.core.pace import ticks
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.generator_names import (
    name_conflicts,
    new_names,
    requested_names,
    taken_names,
)
from eventer.service.requests import EventRequest
from eventer.service.resolved_schedule import ResolvedSchedule
from eventer.testing.registry_conformance import sample_record, sample_spec
from tests.unit.service.test_resolved_schedule import inspection


def schedules(*asked):
    """Schedules that ask for (id, name), into the topic `boo`."""
    event = EventRequest("{}", id="e", pace=ticks(1, 1))
    spec = sample_spec(target=KafkaTarget("boo"), stream=Stream(1))
    return [
        ResolvedSchedule(id_, f"{id_}", spec, number, event, 0, 0, inspection(), name)
        for number, (id_, name) in enumerate(asked)
    ]


@pytest.fixture
def index():
    index = GeneratorIndex()
    for id_, name in ((1, "one"), (2, "kafka:boo/e")):
        index.add(Generator.of(sample_record(id_, name=name), cluster=1))
    return index


def test_one_generator_with_two_names_and_two_with_one_are_conflicts():
    asked = schedules((1, "a"), (1, "b"), (2, "a"), (3, None), (1, "a"))
    faults = list(name_conflicts(asked))
    assert [(fault.pointer, fault.message) for fault in faults] == [
        ("/schedules/1/name", "schedule 0 names the same generator 'a'"),
        ("/schedules/2/name", "schedule 0 gives this name to another generator"),
    ]


def test_a_name_of_another_generator_is_refused_and_named(index):
    asked = schedules((1, "one"), (5, "kafka:boo/e"), (6, "free"), (7, None))
    (fault,) = taken_names(asked, index.by_name)
    assert fault.pointer == "/schedules/1/name"
    assert fault.message == "generator 2 has the name 'kafka:boo/e'"


def test_new_generators_get_the_requested_or_a_free_name(index):
    asked = schedules((5, None), (6, "kafka:boo/e-2"), (7, None), (5, None))
    names = new_names(asked[:3], requested_names(asked), index.by_name.keys())
    assert names == {5: "kafka:boo/e-3", 6: "kafka:boo/e-2", 7: "kafka:boo/e-4"}


def test_a_generator_is_found_by_its_new_name_only(index):
    index.rename(index[1], "other", 5)
    assert (index.find("other"), index.find("one")) == (index[1], None)
    assert (index[1].record.name, index[1].record.updated_at) == ("other", 5)
    index.remove(index[1])
    assert (index.find("other"), index.find(1), index.find(2)) == (None, None, index[2])
