"""Which generator a schedule means: equal in everything that decides what it delivers where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from eventer.core.model import ConsoleTarget, KafkaTarget, PostgresTarget, Target

_PERSON: Final = b"eventer.id"


def identity_text(
    target: Target, *, dataset: str | None, stream: str | None, digest: str, seed: int | None
) -> str:
    """The canonical text of an identity: equal texts are the same generator.

    `digest` is of the canonical template with its imports and vars, `seed` the explicit one only.
    What a topic is made with (partitions, replication, settings) does not count.
    """
    return json.dumps(
        {
            "dataset": dataset,
            "destination": _target_identity(target),
            "seed": None if seed is None else str(seed),
            "stream": stream,
            "template": digest,
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def generator_id(identity: str) -> int:
    """The unsigned 64-bit id of an identity."""
    digest = blake2b(identity.encode(), digest_size=8, person=_PERSON).digest()
    return int.from_bytes(digest, "little")


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
            }
        case PostgresTarget():
            return {
                "kind": "postgres",
                "connection": target.connection,
                "table": target.table,
                "key": None if target.key is None else list(target.key),
            }
        case ConsoleTarget():
            return {"kind": "console", "connection": target.connection}
