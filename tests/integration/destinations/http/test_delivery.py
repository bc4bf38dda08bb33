"""What an HTTP server receives, and what Eventer makes of its answers."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat

import pytest

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
)
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.testing.destination_scenario import batches_with, delivery_of, event
from eventer.testing.destination_scenario import events as events_of
from tests.http_receiver import ACCEPTED, Answer, HttpReceiver, http_receiver
from tests.integration.destinations.http.delivering_process import FLOW, KEY, connection_to
from tests.integration.destinations.http.harness import REFUSED, refuse_words


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


@pytest.fixture
async def connect(receiver, tmp_path):
    opened = []

    async def open_connection(**settings):
        connection = connection_to(receiver.url, tmp_path, **settings)
        opened.append(connection)
        await connection.open()
        return connection

    yield open_connection
    for connection in opened:
        await connection.close()


def answering(*answers: Answer):
    """These answers, then acceptance."""
    left = chain(answers, repeat(ACCEPTED))
    return lambda request: next(left)


async def test_requests_have_keys_headers_and_limited_bodies(receiver, connect):
    headers = (("Authorization", "Bearer hush"), ("X-Team", "data"))
    connection = await connect(headers=headers, batch_events=4, compression="gzip")
    target = replace(FLOW.target, path="shop/orders", format="json")
    await connection.deliver([delivery_of(replace(FLOW, target=target), 10, 3, 7)])
    first, *_ = found = receiver.accepted
    assert [each.path for each in found] == ["/shop/orders"] * 3
    prefix = "0000000000000001-1-0"
    assert [each.key for each in found] == [f"{prefix}-{n}" for n in ("10-4", "14-4", "18-2")]
    assert first.headers["content-type"] == "application/json"
    assert (first.headers["authorization"], first.headers["x-team"]) == ("Bearer hush", "data")
    assert receiver.events("/shop/orders") == events_of(10, 10)


async def test_a_large_event_has_a_request_of_its_own(receiver, connect):
    connection = await connect(batch_bytes=100)
    values = [event(0), event(1) | {"word": "x" * 300}, event(2), event(3)]
    batch = batches_with({"n": 0, "word": "x" * 300}, {1}, (0, 4))
    await connection.deliver([Delivery(FLOW, batch)])
    assert [len(each.events) for each in receiver.accepted] == [1, 1, 2]
    assert receiver.events("/t") == values


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_a_busy_endpoint_holds_up_its_generators_alone(status, receiver, connect):
    connection = await connect()
    other = replace(FLOW, key=PositionKey(1, 2, 0), target=replace(FLOW.target, path="u"))
    receiver.answer = lambda each: Answer(status, "busy") if each.path == "/t" else ACCEPTED
    outcome = await connection.deliver([delivery_of(FLOW, 0, 3), delivery_of(other, 0, 3)])
    assert set(outcome.committed) == {other.key}
    error = outcome.rejected[FLOW.key]
    assert isinstance(error, TargetUnavailableError)
    assert f"answers with status {status}: busy" in error.message
    receiver.answer = answering()
    assert KEY in (await connection.deliver([delivery_of(FLOW, 0, 3)])).committed


async def test_a_retry_has_the_same_keys_and_repeats_no_accepted_request(receiver, connect):
    connection = await connect(batch_events=2)
    receiver.answer = answering(ACCEPTED, Answer(503))
    delivery = delivery_of(FLOW, 0, 6)
    assert KEY in (await connection.deliver([delivery])).rejected
    assert KEY in (await connection.deliver([delivery])).committed
    assert receiver.events("/t") == events_of(0, 6)
    ((refused, _),) = receiver.refused
    assert refused.key == receiver.accepted[1].key


async def test_accepted_events_are_not_repeated_if_the_next_delivery_is_smaller(receiver, connect):
    connection = await connect(batch_events=2)
    receiver.answer = answering(ACCEPTED, ACCEPTED, Answer(503))
    await connection.deliver([delivery_of(FLOW, 0, 6)])
    await connection.deliver([delivery_of(FLOW, 0, 1)])
    await connection.deliver([delivery_of(FLOW, 1, 5)])
    assert receiver.events("/t") == events_of(0, 6)


async def test_retry_after_is_respected(receiver, connect):
    connection = await connect()
    receiver.answer = answering(Answer(429, headers={"Retry-After": "3000"}))
    for _ in range(3):
        outcome = await connection.deliver([delivery_of(FLOW, 0, 3)])
        assert isinstance(outcome.rejected[KEY], TargetUnavailableError)
    assert "asked to wait" in outcome.rejected[KEY].message
    assert len(receiver.refused) == 1
    assert receiver.accepted == []


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "`headers`"), (403, "`headers`"), (301, "redirects"), (404, "`path`"), (405, "`url`")],
)
async def test_a_refused_request_is_terminal_and_skips_no_event(status, hint, receiver, connect):
    connection = await connect()
    receiver.answer = lambda request: Answer(status)
    delivery = replace(delivery_of(FLOW, 0, 3), skip_rejected=True)
    outcome = await connection.deliver([delivery])
    error = outcome.rejected[KEY]
    assert isinstance(error, DestinationRejectedError)
    assert (error.transient, error.index, hint in error.hint) == (False, None, True)
    assert await connection.positions([KEY]) == {}


async def test_skipped_events_stay_skipped_if_the_endpoint_fails_after_them(receiver, connect):
    connection = await connect(batch_events=2)
    left = [2]

    def answer(request):
        left[0] -= request.events[0]["n"] == 4
        return Answer(503) if left[0] == 1 else refuse_words(request)

    receiver.answer = answer
    batches = batches_with(event(0) | {"word": REFUSED}, {1}, (0, 6))
    delivery = Delivery(FLOW, batches, skip_rejected=True)
    assert KEY in (await connection.deliver([delivery])).rejected
    outcome = await connection.deliver([delivery])
    assert [error.index for error in outcome.skipped[KEY]] == [1]
    assert (outcome.committed[KEY].next, outcome.committed[KEY].skipped) == (6, 1)
    assert receiver.events("/t") == [event(n) for n in (0, 2, 3, 4, 5)]


async def test_a_server_that_goes_away_makes_the_connection_unavailable(tmp_path):
    with http_receiver() as receiver:
        connection = connection_to(receiver.url, tmp_path)
        await connection.open()
        await connection.deliver([delivery_of(FLOW, 0, 3)])
    other = connection_to(receiver.url, tmp_path)
    with pytest.raises(DestinationUnavailableError) as caught:
        await other.open()
    assert not isinstance(caught.value, TargetUnavailableError)
    assert "not reachable" in caught.value.message
    await other.close()
    await connection.close()


@pytest.mark.parametrize("charset", ["base64", "undefined", "rot13", "punycode", "none"])
async def test_an_answer_may_have_any_charset(charset, receiver, connect):
    connection = await connect()
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    receiver.answer = answering(Answer(503, "später", headers))
    outcome = await connection.deliver([delivery_of(FLOW, 0, 3)])
    assert "answers with status 503: später" in outcome.rejected[KEY].message


async def test_an_answer_that_repeats_headers_is_shown_without_their_values(receiver, connect):
    connection = await connect(headers=(("Authorization", "Bearer hush"), ("X-Key", "a b")))
    receiver.answer = answering(Answer(401, "no: hush, Authorization: Bearer hush, X-Key: a b"))
    outcome = await connection.deliver([delivery_of(FLOW, 0, 3)])
    message = outcome.rejected[KEY].message
    assert "hush" not in message
    assert message.endswith(": no: ***, Authorization: ***, X-Key: ***")


async def test_a_host_name_that_cannot_exist_is_not_reachable(tmp_path):
    connection = connection_to(f"http://{'a' * 64}.example", tmp_path)
    with pytest.raises(DestinationUnavailableError, match="the host name cannot be resolved"):
        await connection.open()
    await connection.close()
