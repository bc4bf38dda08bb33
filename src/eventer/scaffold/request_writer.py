"""Writes the request that adds generators for several templates, in YAML."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Final

from eventer.scaffold.record import Record

_FASTEST: Final = 10.0
_SLOWEST: Final = 0.1


def request_text(
    records: Sequence[Record], targets: Sequence[str], kind: str, connection: str
) -> str:
    """The request whose generators deliver each record to its target, a table or topic.

    The rates have the ratios of the numbers of rows.
    """
    counts = [record.rows or 0 for record in records]
    lines = ["# Written by eventer init. Deliver with: eventer add FILE", "destinations:"]
    for record, target in zip(records, targets, strict=True):
        lines += _destination(record, target, kind, connection)
    lines.append("events:")
    for record in records:
        lines += _event(record.name, _rate(record.rows or 0, max(counts)))
    lines.append("schedules:")
    lines += [
        f"  - {{ destination_id: {_text(r.name)}, event_id: {_text(r.name)} }}" for r in records
    ]
    return "\n".join(lines) + "\n"


def _destination(record: Record, target: str, kind: str, connection: str) -> Iterator[str]:
    field = "table" if kind == "postgres" else "topic"
    options = [f"{field}: {_text(target)}"]
    if connection != kind:
        options.append(f"connection: {_text(connection)}")
    if kind == "kafka" and record.key:
        options.append(f"key: {_text(record.key[0])}")
    yield f"  - id: {_text(record.name)}"
    yield f"    type: {kind}"
    yield f"    {kind}: {{ {', '.join(options)} }}"


def _event(name: str, rate: str) -> Iterator[str]:
    yield f"  - id: {_text(name)}"
    yield f"    template_file: {_text(name + '.jsonnet')}"
    yield f"    pace: {{ rate: {rate} }}"


def _rate(rows: int, most: int) -> str:
    """10/s for the largest table, less for others: one digit, at least 0.1/s."""
    if not rows or not most:
        return "1/s"
    rate = max(_SLOWEST, _FASTEST * rows / most)
    unit = 10.0 ** math.floor(math.log10(rate))
    return f"{math.floor(rate / unit) * unit:g}/s"


def _text(text: str) -> str:
    """A text in double quotes, which YAML reads as JSON does, and where `$` is doubled."""
    return json.dumps(text, ensure_ascii=False).replace("${", "$${")
