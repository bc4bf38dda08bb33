"""Warns where a topic may delete the past that a generator's `start` asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from eventer.core.duration import format_duration
from eventer.core.model import KafkaTarget
from eventer.registry.base import GeneratorRecord
from eventer.workers.inspector_messages import TemplateWarning

_NS_PER_MS: Final = 1_000_000
_BROKER_DEFAULT_MS: Final = 7 * 24 * 3_600_000
"""`log.retention.hours` of a broker that does not set it."""


def history_warnings(record: GeneratorRecord) -> Iterator[TemplateWarning]:
    """A warning if a generator's first events are older than its topic keeps records."""
    target, past = record.spec.target, record.created_at - record.segments[0].t0
    if not isinstance(target, KafkaTarget) or record.segments[0].pace.start is None:
        return
    config = dict(target.config)
    retention = _retention_ms(config.get("retention.ms"))
    if "delete" not in config.get("cleanup.policy", "delete") or retention < 0:
        return
    if past > retention * _NS_PER_MS:
        kept = format_duration(retention * _NS_PER_MS)
        default = "" if "retention.ms" in config else " by default"
        yield TemplateWarning(
            f"`start` is {format_duration(past // _NS_PER_MS * _NS_PER_MS)} in the past, but topic "
            f"{target.topic!r} keeps records for {kept}{default}, by their timestamps",
            None,
            "give the topic a longer `retention.ms`, or choose a later `start`",
        )


def _retention_ms(text: str | None) -> int:
    """The configured retention; negative without a limit, or if the broker will refuse it."""
    if text is None:
        return _BROKER_DEFAULT_MS
    return int(text) if text.isascii() and text.isdigit() else -1
