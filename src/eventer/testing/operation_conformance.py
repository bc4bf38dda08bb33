"""The tests of parts, deletions and null events, a part of `DestinationConformance`."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from eventer.core.batch import Batch
from eventer.core.model import JsonValue, Position
from eventer.destinations.base import Delivery, Flow
from eventer.testing.batches import batch_of
from eventer.testing.destination_scenario import (
    DeliveryScenario,
    batch_of_events,
    event,
    next_indices,
    position_of,
)

Table = dict[int, JsonValue]
"""The present row of each `n`."""


def operation(n: int, word: str, op: str | None = None) -> dict[str, JsonValue]:
    """An event that a steered target takes: a row, and what to do with it."""
    row: dict[str, JsonValue] = {"n": n, "word": word, "secret": 1}
    return {"row": row} | ({} if op is None else {"op": op})


def deletion(n: int) -> dict[str, JsonValue]:
    """An event that deletes the row of a key."""
    return {"op": "delete", "row": {"n": n}}


def steered_batch(flow: Flow, first: int, values: Sequence[JsonValue]) -> Batch:
    """A batch of events for a steered target."""
    return batch_of(first, values, part=flow.target.part)


def random_operations(rng: random.Random, count: int, keys: int) -> list[dict[str, JsonValue]]:
    """Operations on few keys, so that each key has several."""
    made = []
    for number in range(count):
        n = rng.randrange(keys)
        kind = rng.choice(["upsert", None, "delete"])
        made.append(deletion(n) if kind == "delete" else operation(n, f"word {number}", kind))
    return made


def apply_operations(table: Table, operations: Sequence[dict[str, JsonValue]]) -> Table:
    """The table after operations: the last one of each key wins."""
    for each in operations:
        row = each["row"]
        assert isinstance(row, dict)
        if each.get("op") == "delete":
            table.pop(row["n"], None)
        else:
            table[row["n"]] = {"n": row["n"], "word": row["word"]}
    return table


class OperationConformance:
    """What targets say of parts and operations, as tests."""

    async def test_the_last_operation_of_each_key_wins(self, scenario: DeliveryScenario) -> None:
        """Within a batch, a commit, and from commit to commit, whatever the sizes."""
        rng = random.Random(3)  # noqa: S311 - makes test cases
        flow = scenario.flow(target=scenario.harness.steered(scenario.name()))
        owner = await scenario.owner(flow)
        expected: Table = {}
        first = 0
        for counts in ((40, 1, 30), (500, 2), (7,), (300, 300)):
            batches = []
            for count in counts:
                operations = random_operations(rng, count, 12)
                apply_operations(expected, operations)
                batches.append(steered_batch(flow, first, operations))
                if rng.random() < 0.5:
                    owner.encode_ahead(flow, batches[-1])
                first += count
            outcome = await owner.deliver([Delivery(flow, tuple(batches))])
            assert not outcome.rejected
            assert await _latest(scenario, flow) == expected
        assert next_indices(await owner.positions([flow.key])) == {flow.key: first}

    async def test_small_deliveries_with_operations_share_a_target(
        self, scenario: DeliveryScenario
    ) -> None:
        """Each has keys of its own."""
        target = scenario.harness.steered(scenario.name())
        flows = [scenario.flow(number, target=target) for number in (1, 2, 3)]
        owner = await scenario.owner(*flows)
        rows = [(flow, 10 * flow.key.generator) for flow in flows]
        made = [[operation(n, "a"), operation(n + 1, "b")] for _, n in rows]
        gone = [[deletion(n), operation(n + 1, "c", "upsert"), deletion(n + 2)] for _, n in rows]
        for first, values in ((0, made), (2, gone)):
            deliveries = [
                Delivery(flow, (steered_batch(flow, first, each),))
                for flow, each in zip(flows, values, strict=True)
            ]
            assert not (await owner.deliver(deliveries)).rejected
        found = await _latest(scenario, flows[0])
        assert found == {n + 1: {"n": n + 1, "word": "c"} for _, n in rows}

    async def test_a_deletion_needs_the_key_only(self, scenario: DeliveryScenario) -> None:
        """Other fields do not count, and a key that was never written may be deleted."""
        flow = scenario.flow(target=scenario.harness.steered(scenario.name()))
        owner = await scenario.owner(flow)
        odd: dict[str, JsonValue] = {"op": "delete", "row": {"n": 1, "word": ["no", "text"]}}
        values = [operation(1, "a"), operation(2, "b"), odd, deletion(7)]
        outcome = await owner.deliver([Delivery(flow, (steered_batch(flow, 0, values),))])
        assert not outcome.rejected
        assert await _latest(scenario, flow) == {2: {"n": 2, "word": "b"}}

    async def test_an_unknown_operation_is_rejected(self, scenario: DeliveryScenario) -> None:
        """As is a deletion without a key; both may be skipped."""
        flow = scenario.flow(target=scenario.harness.steered(scenario.name()))
        owner = await scenario.owner(flow)
        good = [operation(1, "a"), operation(2, "b")]
        await owner.deliver([Delivery(flow, (steered_batch(flow, 0, good),))])
        keyless: dict[str, JsonValue] = {"op": "delete", "row": {"word": "no key"}}
        bad = [operation(1, "c", "remove"), keyless]
        batch = steered_batch(flow, 2, [deletion(1), *bad, operation(3, "d")])
        if scenario.harness.rolls_back:
            error = (await owner.deliver([Delivery(flow, (batch,))])).rejected[flow.key]
            assert getattr(error, "index", None) == 3
            assert "remove" in error.message
        outcome = await owner.deliver([Delivery(flow, (batch,), skip_rejected=True)])
        assert [error.index for error in outcome.skipped[flow.key]] == [3, 4]
        assert outcome.committed[flow.key].skipped == 2
        assert await _latest(scenario, flow) == {
            2: {"n": 2, "word": "b"},
            3: {"n": 3, "word": "d"},
        }

    async def test_dropped_events_are_counted(self, scenario: DeliveryScenario) -> None:
        """The position of the next owner counts them, apart from skipped ones."""
        flow = scenario.flow()
        owner = await scenario.owner(flow)
        batch = batch_of(0, [event(n) for n in range(6)], skipped={5})
        await owner.deliver([Delivery(flow, (batch.drop(np.isin(batch.index, [1, 2])),))])
        await owner.close()
        later = await scenario.owner(flow)
        found = await position_of(later, flow)
        assert found is not None
        assert (found.next, found.skipped, found.dropped) == (6, 1, 2)
        batch = batch_of_events(6, 2)
        position = (await later.deliver([Delivery(flow, (batch.drop(batch.index < 8),))])).committed
        assert position[flow.key] == Position(
            8, 1, found.bytes, position[flow.key].partitions, dropped=4
        )
        assert list(await scenario.harness.read(flow.target)) == [event(n) for n in (0, 3, 4)]


async def _latest(scenario: DeliveryScenario, flow: Flow) -> Table:
    """The present rows of a target by their key."""
    found: Table = {}
    for row in await scenario.harness.latest(flow.target):
        assert isinstance(row, dict)
        assert isinstance(row["n"], int)
        assert row["n"] not in found
        found[row["n"]] = row
    return found
