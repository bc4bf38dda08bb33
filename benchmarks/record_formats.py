"""Values encoded in Avro and Protocol Buffers, beside fastavro and Google's library.

`python -m benchmarks.record_formats` encodes events of the contract's template with each, in turns
on one thread, and prints events per second of CPU time and the median ratio. The peers encode
values that are already objects of their own; Eventer encodes the JSON texts of events.
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
from tests.protobuf_classes import message_class

from eventer.core.model import EventContext, KafkaTarget, RecordFormat, Stream, Template
from eventer.core.value_schema import ValueSchema
from eventer.destinations.kafka.formats.avro_schema import avro_schema
from eventer.destinations.kafka.formats.avro_values import encode_avro
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder, formatted_schema
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.kernels.kafka.record_batches import BytesColumn
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
    """Prints both rates and their ratio for each format."""
    prepared = prepare(Template(TEMPLATE.read_text()))
    schema = prepared.value_schema(KafkaTarget("events").part)
    engine = prepared.engine(Stream(7), EventContext())
    batch = engine.generate(0, np.full(EVENTS, 1_700_000_000 * 10**9, np.int64))
    texts, values = as_bytes_column(batch.text), list(map(json.loads, batch.text.to_pylist()))
    compare("avro", "fastavro", schema, texts, by_fastavro(schema, values))
    compare("protobuf", "google", schema, texts, by_google(schema, values))


def by_fastavro(schema: ValueSchema, values: Sequence[Any]) -> Callable[[], None]:
    """Encodes values with fastavro."""
    parsed = fastavro.parse_schema(avro_schema(schema, "events"))
    encoded = [io.BytesIO(encode_avro(schema, value)) for value in values]
    read = [fastavro.schemaless_reader(each, parsed) for each in encoded]

    def work() -> None:
        for value in read:
            fastavro.schemaless_writer(io.BytesIO(), parsed, value)

    return work


def by_google(schema: ValueSchema, values: Sequence[Any]) -> Callable[[], None]:
    """Encodes values with Google's library."""
    form = formatted_schema(schema, "protobuf", "events")
    kind = message_class(form.text)
    read = [kind.FromString(form.encode(value)) for value in values]

    def work() -> None:
        for value in read:
            value.SerializeToString()

    return work


def compare(
    form: RecordFormat,
    peer_name: str,
    schema: ValueSchema,
    texts: BytesColumn,
    peer: Callable[[], None],
) -> None:
    """Prints one line: both rates, and their ratio."""
    encoder = ValueEncoder(formatted_schema(schema, form, "events"), 1)

    def eventer() -> None:
        encoder.encode(texts, lambda *_: None)

    eventer()
    rounds = [(cpu_seconds(eventer, REPEATS), cpu_seconds(peer, 1)) for _ in range(ROUNDS)]
    own, other = (statistics.median(each) for each in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    rates = f"eventer {len(texts) / own:,.0f}/s  {peer_name} {len(texts) / other:,.0f}/s"
    print(f"{form}  {rates}  ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
