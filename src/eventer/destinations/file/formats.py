"""The formats of files: how a table is written to a file and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.model import EventShape, FileFormat
from eventer.destinations.file.event_tables import (
    LINE,
    check_shape,
    column_table,
    line_table,
    schema_of,
)

_ROW_GROUP_ROWS: Final = 1 << 20
_FEW_ROWS: Final = 256
"""Python joins fewer lines than this; more are worth the compiled code."""


class PartFormat(Protocol):
    """A format of files."""

    extension: str

    def check(self, shape: EventShape) -> None:
        """Raises a `DestinationRejectedError` if events of this shape cannot be written."""

    def encode(self, batch: Batch, shape: EventShape) -> pa.Table:
        """The events of a batch as rows, in their order.

        Raises:
            RejectedEventsError: events do not fit the shape.
        """

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """Writes all rows."""

    def read(self, path: Path, shape: EventShape) -> pa.Table:
        """Reads what `write` has written; `shape` has the types of its columns."""


class NdjsonFormat:
    """A JSON text per line."""

    extension = "ndjson"

    def check(self, shape: EventShape) -> None:
        """Any event has a JSON text."""

    def encode(self, batch: Batch, shape: EventShape) -> pa.Table:
        """See `PartFormat.encode`."""
        del shape
        return line_table(batch)

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """See `PartFormat.write`."""
        file.writelines(map(_lines, _chunks(table)))

    def read(self, path: Path, shape: EventShape) -> pa.Table:
        """See `PartFormat.read`."""
        del shape
        texts = path.read_bytes().split(b"\n")
        last = texts.pop()
        return pa.table({LINE: pa.array([*texts, *([last] if last else ())], pa.large_binary())})


def _chunks(table: pa.Table) -> list[pa.Array]:
    """The lines, in few arrays."""
    chunks: list[pa.Array] = table.combine_chunks().column(LINE).chunks
    return chunks


def _lines(texts: pa.Array) -> bytes | memoryview:
    from eventer.kernels.json.lines import lines
    from eventer.kernels.pgcopy.copy_stream import text_buffers

    if len(texts) < _FEW_ROWS:
        return b"".join([text + b"\n" for text in texts.to_pylist()])
    return memoryview(lines(*text_buffers(texts)))  # type: ignore[arg-type]  # arrays are buffers


class CsvFormat:
    """A line of names, then a line per event. Texts are quoted; null is empty without quotes."""

    extension = "csv"

    def check(self, shape: EventShape) -> None:
        """See `PartFormat.check`."""
        check_shape(shape)

    def encode(self, batch: Batch, shape: EventShape) -> pa.Table:
        """See `PartFormat.encode`."""
        return column_table(batch, shape)

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """See `PartFormat.write`."""
        from pyarrow import csv

        csv.write_csv(table, file)

    def read(self, path: Path, shape: EventShape) -> pa.Table:
        """See `PartFormat.read`."""
        from pyarrow import csv

        with path.open("rb") as file:
            names = csv.open_csv(file, parse_options=_csv_parsing()).schema.names
        known = schema_of(shape.columns)
        types = {name: pa.large_string() for name in names}
        types |= {field.name: field.type for field in known}
        options = csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        return csv.read_csv(path, parse_options=_csv_parsing(), convert_options=options)


def _csv_parsing() -> Any:
    from pyarrow import csv

    return csv.ParseOptions(newlines_in_values=True)


class ParquetFormat:
    """Apache Parquet, compressed with Snappy, with dictionaries."""

    extension = "parquet"

    def check(self, shape: EventShape) -> None:
        """See `PartFormat.check`."""
        check_shape(shape)

    def encode(self, batch: Batch, shape: EventShape) -> pa.Table:
        """See `PartFormat.encode`."""
        return column_table(batch, shape)

    def write(self, table: pa.Table, file: BinaryIO) -> None:
        """See `PartFormat.write`."""
        from pyarrow import parquet

        parquet.write_table(table, file, row_group_size=_ROW_GROUP_ROWS)

    def read(self, path: Path, shape: EventShape) -> pa.Table:
        """See `PartFormat.read`."""
        from pyarrow import parquet

        del shape
        with path.open("rb") as file:
            return parquet.ParquetFile(file).read()


_FORMATS: Final[dict[FileFormat, PartFormat]] = {
    "ndjson": NdjsonFormat(),
    "csv": CsvFormat(),
    "parquet": ParquetFormat(),
}


def part_format(name: FileFormat) -> PartFormat:
    """The format of a name."""
    return _FORMATS[name]
