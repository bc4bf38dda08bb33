"""`eventer run --kafka` and its limit: `python -m benchmarks.kafka_run [--rounds 7]`.

Eventer runs the whole command with the contract's template on real Kafka: new random events,
transactional, acknowledged, lz4. The limit is a bare idempotent librdkafka loop in a separate
process that sends one constant message of the same size. They run in turns, each on a new topic
with one partition. Rates use wall-clock time from the first events to the last acknowledgement.
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

from benchmarks.kafka_peer import bare_loop, broker, temporary_topic
from benchmarks.turns import CONTRACT, EVENTER, ROOT, Turn, event_bytes, pairs, report


def limit_turn(bootstrap: str, size: int, seconds: float) -> Turn:
    def turn() -> float:
        with temporary_topic(bootstrap) as topic:
            module = [sys.executable, "-m", "benchmarks.kafka_run", "--bare", topic]
            sizes = ["--bootstrap", bootstrap, "--size", str(size), "--seconds", str(seconds)]
            return float(subprocess.check_output([*module, *sizes], cwd=ROOT, text=True))

    return turn


def eventer_turn(bootstrap: str, template: Path, seconds: float) -> Turn:
    def turn() -> float:
        with temporary_topic(bootstrap) as topic:
            return run_rate(bootstrap, template, topic, seconds)

    return turn


def run_rate(bootstrap: str, template: Path, topic: str, seconds: float) -> float:
    """Events per second of a run, measured for `seconds` after its first events."""
    arguments = ["--kafka", topic, "--seed", "7", "--json"]
    with subprocess.Popen(
        [*EVENTER, "run", str(template), *arguments],
        cwd=ROOT,
        env={**os.environ, "EVENTER_KAFKA__BOOTSTRAP_SERVERS": bootstrap},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        before = wait_for_first_events(bootstrap, topic)
        began = time.perf_counter()
        time.sleep(seconds)
        child.send_signal(signal.SIGINT)
        assert child.stdout is not None
        summary: dict[str, float] = json.loads(child.stdout.readline())
        return (summary["events"] - before) / (time.perf_counter() - began)


def wait_for_first_events(bootstrap: str, topic: str) -> int:
    """Waits until the topic has events; returns their number."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "benchmark"})
    while not (end := consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60)[1]):
        time.sleep(0.02)
    consumer.close()
    return int(end)


WARM_UP_ROUNDS: Final = 3
"""Rounds that are not counted: a new broker compiles its code on the same cores."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", help="an existing broker; default: start one")
    parser.add_argument("--seconds", type=float, default=10.0, help="duration of a turn")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--template", type=Path, default=CONTRACT)
    parser.add_argument("--bare", metavar="TOPIC", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        value = b"x" * options.size
        print(bare_loop(options.bootstrap, options.bare, value, options.seconds))
        return
    with broker(options.bootstrap) as bootstrap:
        size = event_bytes(options.template)
        with temporary_topic(bootstrap) as topic:
            run_rate(bootstrap, options.template, topic, 1)  # warm-up: compiles kernels
        print(f"{size} bytes of JSON per event, one partition, {options.seconds} s per turn")
        limit = limit_turn(bootstrap, size, options.seconds)
        eventer = eventer_turn(bootstrap, options.template, options.seconds)
        for _ in range(0 if options.bootstrap else WARM_UP_ROUNDS):
            eventer()
            limit()
        report("run --kafka", list(pairs(eventer, limit, options.rounds)))


if __name__ == "__main__":
    main()
