"""Partition folders: which rows of a batch go into which folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.clock import NS_PER_SECOND
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
_NAMED: Final = re.compile(r"(?P<name>[^{}=]+)=\{(?P<source>[^{}]+)\}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")
"""With `=` and a value, at most the 255 bytes that file systems take."""


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
    if not _NAME.fullmatch(name) or "{" in source:
        raise RequestError(
            "must be a field, NAME={FIELD}, NAME={date} or NAME={hour}; names have at most 50 "
            "characters, of A-Z, a-z, 0-9 and _ . -"
        )
    if named and source in _TIMES:
        return PartitionLevel(name, time=_TIMES[source])
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
        import pyarrow.compute as pc

        parts = [self._level(batch, level) for level in self._levels]
        return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")

    def _level(self, batch: Batch, level: PartitionLevel) -> pa.Array:
        if level.pointer is None:
            import pyarrow.compute as pc

            due = pa.array(batch.scheduled // NS_PER_SECOND).cast(pa.timestamp("s", tz="UTC"))
            values = pc.strftime(due, level.time)
        else:
            values = batch.fields.column(level.pointer, ColumnType.KEY)
        encoded = values.dictionary_encode()
        texts = [
            value.decode() if isinstance(value, bytes) else value
            for value in encoded.dictionary.to_pylist()
        ]
        escaped = [*map(_escaped, texts), _NULL]
        codes = encoded.indices.fill_null(len(texts))
        wrong = np.array([len(each) > _MAX_VALUE_BYTES for each in escaped])[codes.to_numpy()]
        if level.pointer is not None and any(map(_looks_nested, texts)):
            wrong |= _nested(batch, level.pointer)
        if wrong.any():
            raise _rejection(batch, level, wrong)
        return pa.array([f"{level.name}={each}" for each in escaped], pa.string()).take(codes)


def _looks_nested(text: str) -> bool:
    return text.startswith(("{", "["))


def _nested(batch: Batch, pointer: str) -> NDArray[np.bool_]:
    """Which rows have an object or an array: not a text that only looks like one."""
    values = batch.fields.column(pointer, ColumnType.JSONB).to_pylist()
    return np.array([text is not None and _looks_nested(text) for text in values], np.bool_)


def _rejection(
    batch: Batch, level: PartitionLevel, wrong: NDArray[np.bool_]
) -> RejectedEventsError:
    return RejectedEventsError(
        [
            DestinationRejectedError(
                f"event {index}: the value of {level.pointer} cannot name a folder: it is "
                f"an object, an array, or longer than {_MAX_VALUE_BYTES} bytes",
                index=index,
            )
            for index in batch.index[wrong].tolist()
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
            f"the events of one commit need {len(names):,} partition folders; at most "
            f"{MAX_FOLDERS:,} are allowed",
            hint="use a field with fewer values in `partition_by`",
        )
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(names)), side="right").tolist()
    starts = [0, *ends[:-1]]
    return [
        (name, table.take(pa.array(order[start:end])))
        for name, start, end in zip(names, starts, ends, strict=True)
    ]
