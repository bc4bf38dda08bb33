"""The examples: each is valid, generates consistent events, and fits a table."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eventer.core.model import Stream, Template
from eventer.jsonnet.importer import FolderImporter
from eventer.plan.engine import Engine, EventContext
from eventer.plan.prepare import PreparedTemplate, prepare
from tests.integration.cli.conftest import Shell

EXAMPLES = Path(__file__).parents[2] / "examples"
LIBRARY = EXAMPLES / "library"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.jsonnet"))
WITHOUT_PLAN = {"surveys"}
"""Examples that the plan does not cover."""
COUNT = 300
SEED = 7
AT = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z."""


@lru_cache
def prepare_example(name: str) -> PreparedTemplate:
    path = EXAMPLES / f"{name}.jsonnet"
    template = Template(path.read_text("utf-8"), name)
    return prepare(template, FolderImporter(LIBRARY))


@lru_cache
def engine_of(name: str) -> Engine:
    return prepare_example(name).engine(Stream(SEED), EventContext())


def event_texts(name: str, count: int = COUNT) -> list[bytes]:
    generated: list[bytes] = []
    while len(generated) < count:
        times = np.full(count - len(generated), AT, dtype=np.int64)
        generated += engine_of(name).generate(len(generated), times).text.to_pylist()
    return generated


def events(name: str, count: int = 200) -> list[Any]:
    return [json.loads(text) for text in event_texts(name, count)]


def test_there_are_at_least_fifty_examples() -> None:
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_example_fits_a_table_and_generates_only_known_fields_with_the_plan(name: str) -> None:
    template = prepare_example(name)
    assert template.warnings == ()
    assert template.shape.is_object is True
    assert not template.shape.open
    assert template.shape.columns
    assert engine_of(name).name == ("interpreter" if name in WITHOUT_PLAN else "plan")
    known = {column.name for column in template.shape.columns}
    generated = event_texts(name)
    assert len(generated) == COUNT
    assert len(set(generated)) > COUNT // 2
    assert all(json.loads(text).keys() <= known for text in generated)


def test_preview_prints_the_same_events(tmp_path: Path) -> None:
    name = "support-tickets"
    options = ["--count", COUNT, "--seed", SEED, "--at", "2026-01-01T00:00:00Z"]
    printed = Shell(tmp_path).call("preview", EXAMPLES / f"{name}.jsonnet", *options)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.encode().splitlines() == event_texts(name)


def test_the_contract_template_is_an_example() -> None:
    contract = Path(__file__).with_name("contract") / "event.jsonnet"
    assert (EXAMPLES / "page-events.jsonnet").read_bytes() == contract.read_bytes()


def test_customer_changes_have_consistent_before_and_after() -> None:
    for event in events("customer-changes"):
        before, after = event["before"], event["after"]
        assert (before is None) == (event["op"] == "c")
        assert (after is None) == (event["op"] == "d")
        if before and after:
            assert {**before, "plan": after["plan"]} == after


def test_order_totals_are_sums_of_items() -> None:
    for event in events("orders"):
        items = event["items"]
        assert event["total_cents"] == sum(i["quantity"] * i["price_cents"] for i in items)
        assert [item["line"] for item in items] == list(range(1, len(items) + 1))
    assert any(len({item["sku"] for item in event["items"]}) > 1 for event in events("orders"))


def test_game_matches_have_the_correct_winner() -> None:
    for event in events("game-matches"):
        red, blue = (team["score"] for team in event["teams"])
        assert event["winner"] == ("red" if red > blue else "blue" if blue > red else None)
        for team in event["teams"]:
            assert team["score"] == sum(player["kills"] for player in team["players"])


def test_totals_are_sums_of_their_parts() -> None:
    for event in events("ledger-entries"):
        sides = {"debit": 0, "credit": 0}
        for entry in event["entries"]:
            sides[entry["side"]] += entry["cents"]
        assert sides == {"debit": event["total_cents"], "credit": event["total_cents"]}
    for event in events("hotel-bookings"):
        assert event["total"] == sum(room["cost"] for room in event["rooms"])
    for event in events("warehouse-picks"):
        assert event["units"] == sum(task["picked"] for task in event["tasks"])
        assert event["complete"] == (not any(task["short"] for task in event["tasks"]))


def test_optional_parts_match_the_drawn_kind() -> None:
    for event in events("debezium-orders"):
        assert (event["before"] is None, event["after"] is None) == (
            event["op"] in "cr",
            event["op"] == "d",
        )
    for event in events("metrics"):
        if event["kind"] == "histogram":
            assert event["count"] == sum(bucket["count"] for bucket in event["buckets"])
    for event in events("surveys"):
        assert event["answered"] == len(event["answers"])
    for event in events("outbox"):
        assert json.loads(event["payload"])["order"] == int(event["aggregateid"])


def test_conditional_fields_match_their_conditions() -> None:
    for event in events("support-tickets"):
        assert ("rating" in event) == (event["state"] == "solved")
        assert ("escalated_to" in event) == (event["priority"] == "urgent")
    for event in events("stock-levels"):
        assert event["reorder"] == (event["stock"] < 10)
    for event in events("vehicle-positions"):
        assert not (event["doors_open"] and event["speed_kmh"])
    for event in events("payments"):
        assert ("reviewer" in event) == (event["risk"] == "review")


def test_vars_are_passed_to_a_template_that_is_a_function() -> None:
    template = Template((EXAMPLES / "sales.jsonnet").read_text("utf-8"), vars='{"till":"7"}')
    prepared = prepare(template, FolderImporter(LIBRARY))
    batch = prepared.engine(Stream(SEED), EventContext()).generate(0, np.array([AT]))
    assert json.loads(batch.text[0].as_py())["till"] == "7"
