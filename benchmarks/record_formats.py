"""Values encoded in Avro, beside fastavro.

`python -m benchmarks.record_formats` encodes events of the contract's template with each, in turns
on one thread, and prints events per second of CPU time and the median ratio.
"""

from __future__ import annotations

import io
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import fastavro
import numpy as np

from eventer.core.model import EventContext, KafkaTarget, Stream, Template
from eventer.destinations.kafka.formats.avro_schema import avro_schema
from eventer.destinations.kafka.formats.avro_values import encode_avro
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder, formatted_schema
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.plan.prepare import prepare

TEMPLATE: Final = Path(__file__).parents[1] / "tests/acceptance/contract/event.jsonnet"
EVENTS: Final = 8_000
ROUNDS: Final = 7
REPEATS: Final = 20


def cpu_seconds(work: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of this process for one call."""
    started = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - started) / repeats


def main() -> None:
    """Prints both rates and their ratio."""
    prepared = prepare(Template(TEMPLATE.read_text()))
    schema = prepared.value_schema(KafkaTarget("events").part)
    engine = prepared.engine(Stream(7), EventContext())
    batch = engine.generate(0, np.full(EVENTS, 1_700_000_000 * 10**9, np.int64))
    texts = as_bytes_column(batch.text)
    encoder = ValueEncoder(formatted_schema(schema, "avro", "events"), 1)
    parsed = fastavro.parse_schema(avro_schema(schema, "events"))
    values = [
        fastavro.schemaless_reader(io.BytesIO(encode_avro(schema, json.loads(text))), parsed)
        for text in batch.text.to_pylist()
    ]

    def eventer() -> None:
        encoder.encode(texts, lambda *_: None)

    def peer() -> None:
        for value in values:
            fastavro.schemaless_writer(io.BytesIO(), parsed, value)

    eventer()
    rounds = [(cpu_seconds(eventer, REPEATS), cpu_seconds(peer, 1)) for _ in range(ROUNDS)]
    show(batch.rows, rounds)


def show(rows: int, rounds: Sequence[tuple[float, float]]) -> None:
    """One line: both rates, and their ratio."""
    own, other = (statistics.median(each) for each in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"avro  eventer {rows / own:,.0f}/s  fastavro {rows / other:,.0f}/s  ratio {ratio:.1f}")


if __name__ == "__main__":
    main()
