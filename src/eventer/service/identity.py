"""Generator ids: a hash of everything that determines the events and their destination."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from eventer.core.fault_rules_json import rules_json
from eventer.core.model import (
    FixedPopulation,
    GeneratorSpec,
    GrowingPopulation,
    OnNull,
    ReferencedStream,
    ServiceTarget,
    Target,
)
from eventer.destinations.kind import destination_kind

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
    if not isinstance(target, ServiceTarget):
        return {"kind": target.kind, "connection": target.connection}
    written = {"value": target.value, "omit": sorted(target.omit), "op": target.op}
    return {
        "kind": target.kind,
        **destination_kind(target.kind).identity(target),
        **{name: value for name, value in written.items() if value},
    }
