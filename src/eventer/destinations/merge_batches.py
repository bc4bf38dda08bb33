"""Merges small deliveries of several flows, so that they share the fixed cost of encoding."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch, EventRows, FieldReader
from eventer.core.model import ColumnType
from eventer.destinations.background_encoder import SMALL_BATCH_ROWS
from eventer.destinations.base import Delivery

MAX_MERGED_ROWS: Final = 10_000
"""The maximum size of a batch of one flow, too."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MergedFields:
    """The fields of the rows of several batches, in order."""

    parts: tuple[FieldReader, ...]

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        return pa.concat_arrays([fields.column(pointer, kind) for fields in self.parts])

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return frozenset[str]().union(*(fields.names() for fields in self.parts))


def merge_batches(batches: Sequence[Batch]) -> EventRows:
    """The rows of all batches, in their order; each row keeps the index in its generator."""
    return EventRows(
        index=np.concatenate([batch.index for batch in batches]),
        scheduled=np.concatenate([batch.scheduled for batch in batches]),
        text=pa.concat_arrays([batch.text for batch in batches]),
        fields=MergedFields(tuple(batch.fields for batch in batches)),
        part_fields=_merged_part(batches),
        fault_labels=_merged_labels(batches),
    )


def _merged_part(batches: Sequence[Batch]) -> MergedFields | None:
    if all(batch.part_fields is None for batch in batches):
        return None
    return MergedFields(tuple(batch.written for batch in batches))


def _merged_labels(batches: Sequence[Batch]) -> pa.Array | None:
    if all(batch.fault_labels is None for batch in batches):
        return None
    parts = [
        pa.nulls(batch.rows, pa.large_binary())
        if batch.fault_labels is None
        else batch.fault_labels
        for batch in batches
    ]
    return pa.concat_arrays(parts)


def count_rows(delivery: Delivery) -> int:
    """The number of events of a delivery."""
    return sum(batch.rows for batch in delivery.batches)


def group_small_deliveries(
    items: Iterable[T], delivery: Callable[[T], Delivery], kind: Callable[[T], Hashable]
) -> list[list[T]]:
    """Groups small deliveries of equal kind, in order. Other deliveries stay alone."""
    groups: list[list[T]] = []
    open_groups: dict[Hashable, tuple[list[T], int]] = {}
    for item in items:
        rows = count_rows(delivery(item))
        if not 0 < rows < SMALL_BATCH_ROWS:
            groups.append([item])
            continue
        group, group_rows = open_groups.get(kind(item), (None, MAX_MERGED_ROWS))
        if group is None or group_rows + rows > MAX_MERGED_ROWS:
            group, group_rows = [], 0
            groups.append(group)
        group.append(item)
        open_groups[kind(item)] = (group, group_rows + rows)
    return groups
