"""The examples of timelines: the plan covers each, and its steps are consistent."""

import json
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

from eventer.core.model import EventContext, Stream, Template
from eventer.core.timelines import TimelineSpec, parse_horizon
from eventer.plan.prepare import prepare
from eventer.workers.evaluated_steps import evaluate_steps

EXAMPLES = Path(__file__).parents[2] / "examples/timelines"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.jsonnet"))
COUNT = 300
AT = 1_767_225_600_000_000_000


@lru_cache
def text_of(name):
    return (EXAMPLES / f"{name}.jsonnet").read_text("utf-8")


@lru_cache
def stories(name):
    """The (to, event) of each timeline in the order of their times; no timeline raises."""
    spec = TimelineSpec(parse_horizon(re.search(r"--timeline (\w+)", text_of(name))[1]))
    prepared = prepare(Template(text_of(name), name))
    made = prepared.timelines(Stream(7), EventContext(), spec.horizon, engine="plan")
    found = [[] for _ in range(COUNT)]
    for part in evaluate_steps(made, spec, AT, 0, COUNT):
        assert not part.errors, part.errors
        rows = zip(part.steps.due, part.steps.index, part.names, part.texts.texts, strict=True)
        for due, index, to, text in rows:
            found[index].append((due, to, json.loads(text.as_py())))
    return [[step[1:] for step in sorted(each, key=lambda step: step[0])] for each in found]


@pytest.mark.parametrize("name", NAMES)
def test_steps_have_the_names_that_the_example_says(name):
    said = re.search(r"// Steps to (.*)", text_of(name))[1]
    assert {to for story in stories(name) for to, _ in story} == set(re.findall(r"'(\w+)'", said))
    assert all(stories(name))


def test_a_visit_has_an_order_and_its_payment_or_neither():
    bought = 0
    for story in stories("shop-session"):
        *pages, last = [event for to, event in story if to == "pages"]
        assert [each["number"] for each in pages] == [*range(len(pages))]
        rest = [(to, event) for to, event in story if to != "pages"]
        if last["page"] == "done":
            (_, order), (_, payment) = rest
            assert (order["id"], order["total"]) == (payment["order"], payment["amount"])
            bought += 1
        else:
            assert not rest
    assert 10 < bought < COUNT / 2


def test_refunds_follow_the_capture_and_never_exceed_it():
    parts = []
    for story in stories("card-payment"):
        first = story[0][1]
        assert first["status"] in ("declined", "authorised")
        refunds = [event["cents"] for to, event in story if to == "refunds"]
        if refunds:
            assert [event["status"] for _, event in story[:2]] == ["authorised", "captured"]
            assert sum(refunds) <= first["cents"]
        parts.append(len(refunds))
    assert set(parts) == {0, 1, 2}


def test_a_device_never_enters_the_state_that_it_is_in():
    for story in stories("device-states"):
        states = [event["state"] for _, event in story]
        assert len({event["device"] for _, event in story}) == 1
        assert all(one != other for one, other in pairwise(states))


def test_a_row_is_created_first_and_deleted_last():
    ends = set()
    for story in stories("row-life"):
        operations = [event["op"] for _, event in story]
        assert "delete" not in operations[:-1]
        assert len({event["row"]["id"] for _, event in story}) == 1
        ends.add(operations[-1])
    assert ends == {"upsert", "delete"}


def test_a_change_begins_with_the_row_of_the_change_before():
    for story in stories("debezium-rows"):
        changes = [event for _, event in story]
        assert (changes[0]["op"], changes[0]["before"]) == ("c", None)
        for one, other in pairwise(changes):
            assert other["before"] == one["after"]
