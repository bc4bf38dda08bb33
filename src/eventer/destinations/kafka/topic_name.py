"""The rules for names of topics. Needs no client, since requests are checked with it."""

from __future__ import annotations

import re
from typing import Final

POSITIONS_TOPIC: Final = "eventer-positions"
LEDGER_TOPIC: Final = "eventer-ledger"
_RESERVED: Final = {
    POSITIONS_TOPIC: "Eventer's positions",
    LEDGER_TOPIC: "Eventer's ledger",
    "__consumer_offsets": "Kafka itself",
    "__transaction_state": "Kafka itself",
}
_LEGAL: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


def target_topic_error(name: str) -> str | None:
    """The same as `topic_name_error`, for a topic that generators deliver to."""
    if name in _RESERVED:
        return f"the topic {name!r} is reserved for {_RESERVED[name]}; choose another topic"
    return topic_name_error(name)


def topic_name_error(name: str) -> str | None:
    """What is wrong with the name of a topic, or None."""
    if name in {".", ".."}:
        return f"{name!r} is not a topic name"
    if _LEGAL.fullmatch(name):
        return None
    if not 0 < len(name) <= 249:
        return f"a topic name has 1 to 249 characters, this one has {len(name)}"
    wrong = next(character for character in name if not _LEGAL.fullmatch(character))
    return f"a topic name has letters, digits, '.', '_' and '-' only, not {wrong!r}: {name!r}"
