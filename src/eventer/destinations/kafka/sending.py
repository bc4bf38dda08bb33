"""What goes over the wire in one commit: partitions taken in, events, and the books last.

The client waits for a topic that is gone, or has no leader, as long as it is let; so whoever waits
here looks at the topics meanwhile, and gives up where they say why, or where some sends are stuck
and others are not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from eventer.core.errors import DestinationUnavailableError
from eventer.destinations.kafka import ledger, position
from eventer.destinations.kafka.delivery import (
    Failure,
    Plan,
    Sent,
    by_plan,
    raise_if_spent,
    sends_of,
)
from eventer.destinations.kafka.errors import about_topic
from eventer.destinations.kafka.producer import PENDING, Producer, Send
from eventer.destinations.kafka.topic import Topics
from eventer.kernels.kafka_records import Codec

_STALL_SECONDS: Final = 2.0
_STALLS: Final = 2
"""After so many times without progress, whoever is not acknowledged is left out."""
_OWN: Final = frozenset({position.TOPIC, ledger.TOPIC})


class Sender:
    """Sends plans, and the books of a shard, through its producer.

    What it raises besides `Failure`s leaves the producer in doubt.
    """

    def __init__(self, producer: Producer, shard: int, codec: Codec) -> None:
        self._producer = producer
        self._shard = shard
        self._codec = codec

    async def enlist(self, plans: Sequence[Plan]) -> list[Failure]:
        """Takes everything into the transaction; else the flows whose topics the broker refuses."""
        places = {send.place for send in sends_of(plans)}
        places |= {TopicPartition(own, self._shard) for own in _OWN}
        task = asyncio.create_task(self._producer.enlist(places))
        try:
            while not await _ends(task):
                await self._check_topics(plans)
            task.result()
        except kafka.TopicAuthorizationFailedError as error:
            refused = set().union(*error.args)
            for own in refused & _OWN:
                raise about_topic(error, own) from error
            return [Failure(item, 0, error) for item in plans if item.topic.name in refused]
        finally:
            task.cancel()
        return []

    async def send_plans(self, plans: Sequence[Plan]) -> list[Sequence[Sent]]:
        """Sends all of the plans; what became of each one's shares.

        Raises:
            DestinationUnavailableError: a topic is gone, or some flows are stuck; names them.
        """
        sends = sends_of(plans)
        outcomes: list[Sent] = []
        task = asyncio.create_task(self._producer.send(sends, outcomes))
        try:
            stalls, pending = 0, len(sends)
            while not await _ends(task):
                left = [n for n, outcome in enumerate(outcomes) if outcome is PENDING]
                stalls = stalls + 1 if len(left) == pending else 0
                pending = len(left)
                await self._check_topics(plans)
                stuck = _owners(plans, [sends[n] for n in left])
                if stalls >= _STALLS and 0 < len(stuck) < len(plans):
                    raise _stuck(stuck)
            return by_plan(plans, sends, task.result())
        finally:
            task.cancel()

    async def send_books(self, plans: Sequence[tuple[Plan, Sequence[Sent]]], now_ms: int) -> None:
        """Sends ledger and positions, the positions last unless all becomes visible at once."""
        if not plans:
            return
        ledgers = ledger.ledger_batches(self._entries(plans), now_ms, self._codec)
        positions = {item.flow.key: item.position for item, _ in plans}
        sends = [Send(ledger.TOPIC, self._shard, batch) for batch in ledgers]
        last = Send(position.TOPIC, self._shard, position.position_batch(positions, now_ms))
        if self._producer.transactional:
            await self._send_own([*sends, last], plans[0][0])
        else:
            await self._send_own(sends, plans[0][0])
            await self._send_own([last], plans[0][0])

    async def _check_topics(self, plans: Sequence[Plan]) -> None:
        """Raises where topics are gone or have no leader, naming the flows."""
        names = {item.topic.name for item in plans}
        usable = (await Topics(self._producer.client).counts(names | _OWN)).keys()
        if lost := _OWN - usable:
            raise kafka.UnknownTopicOrPartitionError(*sorted(lost))
        gone = sorted(names - usable)
        if gone:
            suspects = {item.flow.key for item in plans if item.topic.name in gone}
            raise DestinationUnavailableError(
                f"Kafka does not take topic {', '.join(map(repr, gone))}: it is gone, or a "
                "partition of it has no leader",
                suspects=suspects if len(suspects) < len(plans) else (),
            )

    def _entries(
        self, plans: Sequence[tuple[Plan, Sequence[Sent]]]
    ) -> list[tuple[Plan, ledger.Entry]]:
        """The ledger's entries, but for those that cannot say where their events are.

        After a retry the broker may not know any more what offset it gave. In a transaction we
        begin anew; without one the events are there already.

        Raises:
            DestinationUnavailableError: see above.
        """
        entries = []
        for item, sent in plans:
            offsets = [outcome for outcome in sent if isinstance(outcome, int)]
            if min(offsets, default=0) >= 0:
                entries.append((item, ledger.entry_of(item, offsets)))
            elif self._producer.transactional:
                raise DestinationUnavailableError(
                    f"Kafka does not say where in topic {item.topic.name!r} it put events"
                )
        return entries

    async def _send_own(self, sends: Sequence[Send], blamed: Plan) -> None:
        """Sends to topics of our own: what they do not take, no flow is to blame for."""
        for send, outcome in zip(sends, await self._producer.send(sends), strict=True):
            if isinstance(outcome, BaseException):
                raise_if_spent([Failure(blamed, 0, outcome)])
                raise about_topic(outcome, send.topic)


async def _ends(task: asyncio.Task[Any]) -> bool:
    """Whether it does before it is time to look at the topics."""
    done, _ = await asyncio.wait([task], timeout=_STALL_SECONDS)
    return bool(done)


def _owners(plans: Sequence[Plan], sends: Sequence[Send]) -> list[Plan]:
    """The plans with a share in any of the sends."""
    wanted = {id(send) for send in sends}
    return [item for item in plans if any(id(share.send) in wanted for share in item.shares)]


def _stuck(plans: Sequence[Plan]) -> DestinationUnavailableError:
    topics = ", ".join(sorted({repr(item.topic.name) for item in plans}))
    waited = _STALL_SECONDS * (_STALLS + 1)
    return DestinationUnavailableError(
        f"Kafka has not acknowledged events for topic {topics} in {waited:.0f} s",
        suspects={item.flow.key for item in plans},
    )
