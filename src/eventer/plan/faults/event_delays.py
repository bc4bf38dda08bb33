"""When late events and copies of events are delivered, for many events at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from eventer.core.fault_rules import FaultKind, FaultRule, InjectedFault, delay_rules
from eventer.kernels import draw
from eventer.plan.faults.fault_draws import FaultDraws

Rows = NDArray[np.int64]

_LATE: Final = 1
_DUPLICATE: Final = 2
_LABELS: Final = pa.array([None, b"late", b"duplicate", b"late,duplicate"], pa.large_binary())
"""The labels of deliveries, by the bits `_LATE` and `_DUPLICATE`."""
_SEPARATOR: Final = pa.scalar(b",", pa.large_binary())


@dataclass(frozen=True, slots=True, eq=False)
class Deliveries:
    """Deliveries of events as columns.

    The row of the event, the number of the delivery among those of the event, how long after the
    scheduled time it is due (ns), the code of its label, and the bits of its kinds of faults.
    """

    row: Rows
    number: Rows
    after: Rows
    label: NDArray[np.uint8]
    kinds: NDArray[np.uint8]


class EventDelays:
    """The rules of one stream about when its events are delivered: a function of their indices.

    They apply in the order of the list: a late event is due later, and a copy is due after the
    event as it is due so far.
    """

    def __init__(self, rules: Sequence[FaultRule], root_key: int) -> None:
        self._rules = delay_rules(rules)
        self._draws = FaultDraws(self._rules, root_key)

    def deliveries(self, index: NDArray[np.int64]) -> tuple[Deliveries, Deliveries]:
        """The deliveries of events themselves, a row per index, and of copies of them."""
        rows = len(index)
        after, numbers = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        label, kinds = np.zeros(rows, np.uint8), np.zeros(rows, np.uint8)
        copies = [Deliveries(after[:0], after[:0], after[:0], label[:0], kinds[:0])]
        for rule, hit, by in self._hits(index):
            is_labelled = rule.label is not None
            if rule.kind is FaultKind.LATE:
                after[hit] += by
                label[hit] |= _LATE * is_labelled
                kinds[hit] |= rule.kind.bit
            else:
                numbers[hit] += 1
                copied = label[hit] | np.uint8(_DUPLICATE * is_labelled)
                copied_kinds = kinds[hit] | np.uint8(rule.kind.bit)
                copies.append(Deliveries(hit, numbers[hit], after[hit] + by, copied, copied_kinds))
        events = Deliveries(np.arange(rows), np.zeros(rows, np.int64), after, label, kinds)
        return events, _joined(copies)

    def faults(
        self, index: NDArray[np.int64], scheduled: NDArray[np.int64]
    ) -> Mapping[int, list[InjectedFault]]:
        """The faults of events by their rows, for the answer key."""
        found: defaultdict[int, list[InjectedFault]] = defaultdict(list)
        due = scheduled.copy()
        for rule, hit, by in self._hits(index):
            dues = due[hit] + by
            if rule.kind is FaultKind.LATE:
                due[hit] = dues
            for row, delay, at in zip(hit.tolist(), by.tolist(), dues.tolist(), strict=True):
                found[row].append(InjectedFault(rule.kind, by=delay, due=at))
        return found

    def _hits(
        self, index: NDArray[np.int64]
    ) -> Iterator[tuple[FaultRule, Rows, NDArray[np.int64]]]:
        """Each rule with the rows that it hits and their delays."""
        hits = self._draws.hits(index)
        for rule, key, hit in zip(self._rules, self._draws.keys, hits, strict=True):
            rows = np.flatnonzero(hit)
            assert rule.by is not None
            if len(rows):
                yield rule, rows, draw.integer_column(draw.child(key, 0), index[rows], *rule.by)


def _joined(parts: Sequence[Deliveries]) -> Deliveries:
    return Deliveries(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.kinds for part in parts]),
    )


def delivery_labels(
    content: pa.LargeBinaryArray | None, codes: NDArray[np.uint8]
) -> pa.LargeBinaryArray | None:
    """The labels of deliveries, after those of what is written; None if no row has one."""
    if not codes.any():
        return content
    labels = _LABELS.take(pa.array(codes))
    if content is None:
        return labels
    both = pc.binary_join_element_wise(content, labels, _SEPARATOR)
    return pc.coalesce(both, content, labels)
