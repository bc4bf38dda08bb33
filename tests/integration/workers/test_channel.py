"""Messages over a socket pair."""

import asyncio
import socket
import struct

import pytest

from eventer.core.errors import EvaluationError
from eventer.core.model import Position, PositionKey
from eventer.core.source import Place
from eventer.runs.shard_messages import FlowFailed
from eventer.workers.channel import Channel
from eventer.workers.messages import ShardEvent, ShardId


async def pair() -> tuple[Channel, Channel]:
    one, two = socket.socketpair()
    return await Channel.over(one), await Channel.over(two)


async def test_messages_arrive_whole_and_in_order() -> None:
    one, two = await pair()
    for number in range(100):
        one.send([number, "x" * number * 1000])
    assert [(await two.receive())[0] for _ in range(100)] == list(range(100))
    one.close()
    two.close()


async def test_errors_cross_the_channel_unchanged() -> None:
    one, two = await pair()
    error = EvaluationError("boom", Place("t", 1, 2, 1, 3, "{}"), hint="do not")
    error.index = 5
    update = FlowFailed(PositionKey(1, 2, 3), error, Position(next=4))
    one.send(ShardEvent(ShardId("kafka", 0), update))
    received = (await two.receive()).update
    assert type(received.error) is EvaluationError
    assert (received.error.message, received.error.hint) == ("boom", "do not")
    assert (received.error.place, received.error.index) == (error.place, 5)
    assert received.position == Position(next=4)
    one.close()
    two.close()


async def test_the_end_of_the_other_side_is_an_end() -> None:
    one, two = await pair()
    waiting = asyncio.create_task(two.receive())
    one.close()
    with pytest.raises(EOFError, match="is closed"):
        await waiting
    two.send("into nowhere")
    two.close()


async def test_a_partial_message_is_not_received() -> None:
    one, two = socket.socketpair()
    channel = await Channel.over(two)
    one.sendall(struct.pack(">I", 100) + b"half")
    one.close()
    with pytest.raises(EOFError):
        await channel.receive()
    channel.close()


async def test_a_channel_out_of_step_is_closed() -> None:
    one, two = socket.socketpair()
    channel = await Channel.over(two)
    one.sendall(b"\xff" * 8)
    with pytest.raises(EOFError, match="corrupt"):
        await channel.receive()
    one.close()
    channel.close()
