"""Generator ids: a hash of everything that determines the events and their destination."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from eventer.core.fault_rules_json import rules_json
from eventer.core.model import (
    ConsoleTarget,
    FileTarget,
    FixedPopulation,
    GeneratorSpec,
    GrowingPopulation,
    KafkaTarget,
    OnNull,
    PostgresTarget,
    ReferencedStream,
    ServiceTarget,
    Target,
)

_PERSON: Final = b"eventer.id"


def identity_text(spec: GeneratorSpec) -> str:
    """The canonical text of an identity: equal texts are the same generator.

    It includes the seed only if the request gave it, and no option that only matters when a topic
    is created (partitions, replication, settings). Options that later versions added are included
    only if they are set, so that ids stay.
    """
    options: dict[str, Any] = {} if spec.on_null is OnNull.EMIT else {"on_null": spec.on_null}
    if spec.faults:
        options["faults"] = rules_json(spec.faults)
    if spec.timeline is not None:
        options["timeline"] = {"horizon": spec.timeline.horizon, "only": spec.timeline.only}
    if references := spec.event_source.template.references:
        options["references"] = {each.name: _reference_identity(each) for each in references}
    return json.dumps(
        {
            "dataset": spec.event_source.context.dataset,
            "destination": _target_identity(spec.target),
            "seed": str(spec.stream.seed) if spec.explicit_seed else None,
            "stream": spec.stream.name,
            "template": spec.digest,
            **options,
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def generator_id(identity: str) -> int:
    """The unsigned 64-bit id of an identity."""
    digest = blake2b(identity.encode(), digest_size=8, person=_PERSON).digest()
    return int.from_bytes(digest, "little")


def _reference_identity(stream: ReferencedStream) -> Mapping[str, Any]:
    population = stream.population
    if not isinstance(population, FixedPopulation):
        assert isinstance(population, GrowingPopulation)
        assert population.generator is not None
        return {"generator": str(population.generator)}
    return {
        "count": population.count,
        "dataset": stream.context.dataset,
        "seed": str(stream.stream.seed) if stream.explicit_seed else None,
        "stream": stream.stream.name,
        "template": stream.digest,
    }


def _target_identity(target: Target) -> Mapping[str, Any]:
    match target:
        case KafkaTarget():
            return {
                "kind": "kafka",
                "connection": target.connection,
                "topic": target.topic,
                "key": target.key,
                "partition": target.partition,
                "timestamp": target.timestamp,
                "headers": sorted(target.headers),
                **_record_options(target),
            }
        case PostgresTarget():
            return {
                "kind": "postgres",
                "connection": target.connection,
                "table": target.table,
                "key": None if target.key is None else list(target.key),
                **_record_options(target),
            }
        case FileTarget():
            return {
                "kind": "file",
                "connection": target.connection,
                "path": target.path,
                "format": target.format,
                "partition_by": list(target.partition_by),
                **_record_options(target),
            }
        case ConsoleTarget():
            return {"kind": "console", "connection": target.connection}


def _record_options(target: ServiceTarget) -> Mapping[str, Any]:
    """The options that say what is written of an event, if they are set."""
    options = {"value": target.value, "omit": sorted(target.omit), "op": target.op}
    if isinstance(target, KafkaTarget):
        formats = {"format": target.format, "key_format": target.key_format}
        options |= {name: each for name, each in formats.items() if each != "json"}
    return {name: value for name, value in options.items() if value}
