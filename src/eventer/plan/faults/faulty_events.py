"""The faults of single events: what is written in place of each, and what the answer key says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import compress
from operator import or_
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.fault_rules import FaultKind, FaultRule, InjectedFault
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue, Target
from eventer.core.operations import read_operations
from eventer.core.pointer import format_pointer
from eventer.core.written_part import option_tokens, value_tokens
from eventer.kernels import draw
from eventer.plan.faults.corruption import Choices, corrupted, malformed
from eventer.plan.faults.fault_draws import FaultDraws
from eventer.plan.faults.found_field import find_field

_standard_text: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ENDING: Final = frozenset({FaultKind.DROP, FaultKind.MALFORMED})
"""Kinds after which an event has no other fault: it could not be seen."""


@dataclass(frozen=True, slots=True)
class FaultyEvent:
    """The faults of the event in a row of a batch.

    `text` is written in its place; None if it is dropped. `label` is the value of its header.
    """

    row: int
    faults: tuple[InjectedFault, ...]
    text: str | None
    label: str | None = None

    @property
    def kinds(self) -> int:
        """The bits of the kinds of its faults."""
        return reduce(or_, (fault.kind.bit for fault in self.faults))

    @property
    def is_json(self) -> bool:
        """Whether it has a text, which is JSON."""
        return self.text is not None and self.faults[0].kind is not FaultKind.MALFORMED


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a rule: its pointer in the event, its tokens in what is written, its draw key."""

    pointer: str
    tokens: tuple[str, ...]
    key: int


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: FaultKind
    fields: tuple[_Field, ...]
    key: int
    labelled: bool


class FaultInjector:
    """Finds the events of one generator that get faults: a function of index and healthy event."""

    def __init__(self, rules: Sequence[FaultRule], root_key: int, target: Target) -> None:
        self._draws = FaultDraws(rules, root_key)
        part = value_tokens(target.part)
        keys = self._draws.keys
        self._rules = [_rule(rule, key, part) for rule, key in zip(rules, keys, strict=True)]
        self._op = target.op
        self._has_columns = target.has_columns
        self.changed_names = frozenset(
            field.tokens[0] for rule in self._rules for field in rule.fields
        )
        """The top-level fields of what is written that may be changed."""

    def faulty_events(self, batch: Batch) -> list[FaultyEvent]:
        """The events of a healthy batch that get faults, in the order of their rows."""
        hits = self._draws.hits(batch.index)
        if not hits.any():
            return []
        rows = np.flatnonzero(hits.any(axis=0))
        texts = batch.text.take(pa.array(rows)).to_pylist()
        deletes = self._deletes(batch, rows)
        events = (
            self._faulty_event(row, index, text.decode(), rules, deletes=is_delete)
            for row, index, text, rules, is_delete in zip(
                rows.tolist(),
                batch.index[rows].tolist(),
                texts,
                hits[:, rows].T.tolist(),
                deletes,
                strict=True,
            )
        )
        return [event for event in events if event is not None]

    def _deletes(self, batch: Batch, rows: NDArray[np.int64]) -> list[bool]:
        """Which of the rows delete: nothing is written of them, so they can only be dropped."""
        if self._op is None:
            return [False] * len(rows)
        deletes: list[bool] = read_operations(batch, self._op).deletes[rows].tolist()
        return deletes

    def _faulty_event(
        self, row: int, index: int, text: str, hits: Sequence[bool], *, deletes: bool
    ) -> FaultyEvent | None:
        rules = list(compress(self._rules, hits))
        if deletes:
            rules = [rule for rule in rules if rule.kind is FaultKind.DROP]
        ending = next((rule for rule in rules if rule.kind in _ENDING), None)
        if ending is not None:
            return _ended_event(row, index, text, ending)
        value: JsonValue = json.loads(text)
        to_text = _writer(value, text)
        faults: list[InjectedFault] = []
        labels: dict[str, None] = {}
        for rule in rules:
            count = len(faults)
            faults += self._apply(rule, index, value)
            if rule.labelled and len(faults) > count:
                labels[rule.kind.value] = None
        changed = to_text(value) if faults else text
        if changed == text:
            return None
        return FaultyEvent(row, tuple(faults), changed, ",".join(labels) or None)

    def _apply(self, rule: _Rule, index: int, event: JsonValue) -> Iterator[InjectedFault]:
        """Changes the fields of a rule in the value of an event."""
        for field in rule.fields:
            found = find_field(event, field.tokens)
            if found is None:
                continue
            change = None
            if rule.kind is FaultKind.MISSING:
                found.remove()
            elif found.value is None:
                continue
            elif rule.kind is FaultKind.NULL:
                found.set(None)
            elif (wrong := self._corrupted(field, index, found.value)) is not None:
                change, value = wrong
                found.set(value)
            else:
                continue
            yield InjectedFault(rule.kind, field.pointer, change)

    def _corrupted(
        self, field: _Field, index: int, value: JsonValue
    ) -> tuple[str, JsonValue] | None:
        choices = Choices(draw.draw(field.key, index))
        # The type of a column may be text.
        return corrupted(value, choices, keep_text=self._has_columns and len(field.tokens) == 1)


def _rule(rule: FaultRule, key: int, part: tuple[str, ...]) -> _Rule:
    fields = [
        _Field(format_pointer(tokens), tokens[len(part) :], draw.child(key, number))
        for number, tokens in enumerate(map(option_tokens, rule.fields))
        if len(tokens) > len(part) and tokens[: len(part)] == part
    ]
    return _Rule(rule.kind, tuple(fields), key, rule.label is not None)


def _ended_event(row: int, index: int, text: str, rule: _Rule) -> FaultyEvent:
    if rule.kind is FaultKind.DROP:
        return FaultyEvent(row, (InjectedFault(rule.kind),), None)
    change, wrong = malformed(text, Choices(draw.draw(draw.child(rule.key, 0), index)))
    label = rule.kind.value if rule.labelled else None
    return FaultyEvent(row, (InjectedFault(rule.kind, None, change),), wrong, label)


def _writer(value: JsonValue, text: str) -> Callable[[JsonValue], str]:
    """Writes JSON as a text was written from its value: fast if the standard library does so."""
    return _standard_text if _standard_text(value) == text else json_text
