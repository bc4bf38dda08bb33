"""Partition folders: which rows of a batch go into which folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError, RequestError
from eventer.core.model import ColumnType
from eventer.core.pointer import format_pointer, parse_pointer
from eventer.core.written_part import option_tokens
from eventer.destinations.file.event_tables import RejectedEventsError

MAX_FOLDERS: Final = 1_000
"""Folders that the events of one commit of a generator may need."""
_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_MAX_VALUE_BYTES: Final = 200
_TIMES: Final = {"date": "%Y-%m-%d", "hour": "%H"}
_NAMED: Final = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]*)=\{(?P<source>[^{}]+)\}")
_FIELD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class PartitionLevel:
    """A level of folders, `name=value`: of a field, or else the `time` format of the due time."""

    name: str
    pointer: str | None = None
    time: str | None = None


def parse_partition(text: str) -> PartitionLevel:
    """Reads `FIELD`, `NAME={FIELD}`, `NAME={date}` or `NAME={hour}`.

    Raises:
        RequestError: the text is none of these.
    """
    named = _NAMED.fullmatch(text)
    source = named["source"] if named else text
    name = named["name"] if named else source.rpartition("/")[2]
    if named and source in _TIMES:
        return PartitionLevel(name, time=_TIMES[source])
    if not _FIELD.fullmatch(name) or "{" in source:
        raise RequestError(
            "must be a field, NAME={FIELD}, NAME={date} or NAME={hour}; names consist of A-Z, a-z, "
            "0-9 and _ . -"
        )
    parse_pointer(source if source.startswith("/") else "")
    return PartitionLevel(name, format_pointer(option_tokens(source)))


class Partitioner:
    """Finds the folder of each event."""

    def __init__(self, levels: Sequence[PartitionLevel]) -> None:
        self._levels = tuple(levels)

    def folders(self, batch: Batch) -> pa.Array | None:
        """The folder of each row, relative to that of the target; None without levels.

        Raises:
            RejectedEventsError: a value is an object or an array, or too long.
        """
        if not self._levels:
            return None
        parts = [self._level(batch, level) for level in self._levels]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")

    def _level(self, batch: Batch, level: PartitionLevel) -> pa.Array:
        if level.pointer is None:
            due = pa.array(batch.scheduled).cast(pa.timestamp("ns", tz="UTC"))
            values = pc.strftime(due.cast(pa.timestamp("s", tz="UTC"), safe=False), level.time)
        else:
            values = batch.fields.column(level.pointer, ColumnType.KEY)
        encoded = values.dictionary_encode()
        names, wrong = list[str](), set[int]()
        for code, value in enumerate(encoded.dictionary.to_pylist()):
            text = value.decode() if isinstance(value, bytes) else value
            if text.startswith(("{", "[")) or len(_escaped(text)) > _MAX_VALUE_BYTES:
                wrong.add(code)
            names.append(f"{level.name}={_escaped(text)}")
        if wrong:
            self._reject(batch, level, encoded.indices, wrong)
        folders = pa.array([*names, f"{level.name}={_NULL}"], pa.string())
        return folders.take(encoded.indices.fill_null(len(names)))

    def _reject(
        self, batch: Batch, level: PartitionLevel, codes: pa.Array, wrong: set[int]
    ) -> None:
        found = np.flatnonzero(np.isin(codes.fill_null(-1).to_numpy(), list(wrong)))
        if len(found):
            raise RejectedEventsError(
                [
                    DestinationRejectedError(
                        f"event {index}: the value of {level.pointer} cannot name a folder: it is "
                        f"an object, an array, or longer than {_MAX_VALUE_BYTES} bytes",
                        index=index,
                    )
                    for index in batch.index[found].tolist()
                ]
            )


def _escaped(text: str) -> str:
    """A text as a folder name, as Hive and Spark escape it; an empty one is like null."""
    return quote(text, safe=" ,+@") if text else _NULL


def split_by_folder(table: pa.Table, folders: pa.ChunkedArray | None) -> list[tuple[str, pa.Table]]:
    """The rows of each folder, in their order; all rows in `.` without folders.

    Raises:
        DestinationRejectedError: there are too many folders.
    """
    if not len(table):
        return []
    if folders is None:
        return [(".", table)]
    encoded = folders.combine_chunks().dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    if len(names) > MAX_FOLDERS:
        raise DestinationRejectedError(
            f"the events of one commit need {len(names):,} partition folders, of which at most "
            f"{MAX_FOLDERS:,} are possible",
            hint="use a field with fewer values in `partition_by`",
        )
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names)), side="right").tolist()
    starts = [0, *ends[:-1]]
    return [
        (name, table.take(pa.array(order[start:end])))
        for name, start, end in zip(names, starts, ends, strict=True)
    ]
