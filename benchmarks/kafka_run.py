"""`eventer run --kafka` beside its limit: `python -m benchmarks.kafka_run [--rounds 7]`.

Ours is the whole command with the contract's template on real Kafka: fresh random events,
transactional, acknowledged, lz4. The limit is a bare idempotent librdkafka loop that sends one
constant message of the same size, in a process of its own. Both have one partition of a topic of
their own, and take turns. Rates are by the clock, from the first events on to the last
acknowledgement.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from benchmarks.kafka_peer import a_topic, bare_loop, broker
from benchmarks.turns import CONTRACT, EVENTER, ROOT, Turn, event_bytes, pairs, report


def limit(bootstrap: str, size: int, seconds: float) -> Turn:
    def turn() -> float:
        with a_topic(bootstrap) as topic:
            module = [sys.executable, "-m", "benchmarks.kafka_run", "--bare", topic]
            sizes = ["--bootstrap", bootstrap, "--size", str(size), "--seconds", str(seconds)]
            return float(subprocess.check_output([*module, *sizes], cwd=ROOT, text=True))

    return turn


def ours(bootstrap: str, template: Path, seconds: float) -> Turn:
    def turn() -> float:
        with a_topic(bootstrap) as topic:
            return delivered(bootstrap, template, topic, seconds)

    return turn


def delivered(bootstrap: str, template: Path, topic: str, seconds: float) -> float:
    """Events a second of a run that goes on for so long after its first events."""
    asked = ["--kafka", topic, "--seed", "7", "--json"]
    with subprocess.Popen(
        [*EVENTER, "run", str(template), *asked],
        cwd=ROOT,
        env={**os.environ, "EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        before = first_events(bootstrap, topic)
        began = time.perf_counter()
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        assert child.stdout is not None
        summary: dict[str, float] = json.loads(child.stdout.readline())
        return (summary["events"] - before) / (time.perf_counter() - began)


def first_events(bootstrap: str, topic: str) -> int:
    """How many there are when there are any."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "looks"})
    while not (end := consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60)[1]):
        time.sleep(0.02)
    consumer.close()
    return int(end)


WARMING: Final = 3
"""Turns of both that are not counted: a broker just started compiles its code on the same cores."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", help="an existing broker; else one of our own")
    parser.add_argument("--seconds", type=float, default=10.0, help="each turn")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--template", type=Path, default=CONTRACT)
    parser.add_argument("--bare", metavar="TOPIC", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        value = b"x" * chosen.size
        print(bare_loop(chosen.bootstrap, chosen.bare, value, chosen.seconds))
        return
    with broker(chosen.bootstrap) as bootstrap:
        size = event_bytes(chosen.template)
        with a_topic(bootstrap) as topic:
            delivered(bootstrap, chosen.template, topic, 1)  # compiles what is not compiled yet
        print(f"{size} bytes of JSON an event, one partition, {chosen.seconds} s a turn")
        bare = limit(bootstrap, size, chosen.seconds)
        mine = ours(bootstrap, chosen.template, chosen.seconds)
        for _ in range(0 if chosen.bootstrap else WARMING):
            mine()
            bare()
        report("run --kafka", list(pairs(mine, bare, chosen.rounds)))


if __name__ == "__main__":
    main()
