"""Files of rows, by their content: each is read once a process.

The *address* of a file is its library path and the digest of its content, `cities.csv@6f1c…`. A
template is bound to addresses when it is loaded, so its events never depend on later changes. A
file stays in memory as long as somebody holds it, as a loaded template does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakValueDictionary

from eventer.core.errors import EvaluationError
from eventer.functions.row_errors import file_error

if TYPE_CHECKING:
    from eventer.functions.row_columns import RowColumn
    from eventer.functions.row_csv import CsvTable
    from eventer.functions.row_json import JsonTable
    from eventer.functions.row_weights import RowWeights

_SEPARATOR: Final = "@"
_DIGEST_BYTES: Final = 16

RowTable: TypeAlias = "CsvTable | JsonTable"


class RowFile:
    """A file of rows; its table, columns and weights are made at first use."""

    def __init__(self, path: str, digest: str, data: Any) -> None:
        self.path = path
        self.digest = digest
        self._data = data
        self._lock = RLock()
        self._columns: dict[tuple[str, str | None], RowColumn] = {}
        self._weights: dict[str, RowWeights] = {}

    @property
    def address(self) -> str:
        """The address."""
        return f"{self.path}{_SEPARATOR}{self.digest}"

    @cached_property
    def is_csv(self) -> bool:
        """Whether cells are texts."""
        return PurePosixPath(self.path).suffix.lower() == ".csv"

    @property
    def table(self) -> RowTable:
        """The table.

        Raises:
            EvaluationError: the file is not valid.
        """
        with self._lock:
            return self._table

    @cached_property
    def _table(self) -> RowTable:
        suffix = PurePosixPath(self.path).suffix.lower()
        if self.is_csv:
            from eventer.functions.row_csv import CsvTable

            return CsvTable(self.path, self._data)
        if suffix in (".json", ".ndjson", ".jsonl"):
            from eventer.functions.row_json import JsonTable

            return JsonTable(self.path, self._data, lines=suffix != ".json")
        raise file_error(
            self.path,
            "the type of the file is not known",
            hint="its name must end in .csv, .json, .ndjson or .jsonl",
        )

    def column(self, name: str, kind: str | None) -> RowColumn:
        """A column of the table."""
        found = self._columns.get((name, kind))
        if found is not None:
            return found
        with self._lock:
            if (name, kind) not in self._columns:
                self._columns[name, kind] = self.table.column(name, kind)
            return self._columns[name, kind]

    def weights(self, name: str) -> RowWeights:
        """The rows weighted by a column.

        Raises:
            EvaluationError: there is no such column, or it is not one of weights.
        """
        from eventer.functions.row_weights import RowWeights

        with self._lock:
            if name not in self._weights:
                self._weights[name] = RowWeights.of(self, name)
            return self._weights[name]


class RowFiles:
    """The files of rows of a process.

    `folder` has the copies that the service keeps, by digest. `loading` gives a context in which
    a file is read, whose size limits the time that takes.
    """

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.loading: Callable[[], AbstractContextManager[None]] = nullcontext
        self._known: WeakValueDictionary[str, RowFile] = WeakValueDictionary()
        self._lock = RLock()

    def add(self, path: str, data: bytes) -> RowFile:
        """The file with this content, which was read from a library path."""
        digest = content_digest(data)
        return self._file(path, digest, lambda: data)

    def kept(self, path: str, digest: str) -> RowFile:
        """The file whose content is kept in `folder`.

        Raises:
            EvaluationError: it is not there, or changed.
        """
        return self._file(path, digest, lambda: self._map(path, digest))

    def find(self, address: str) -> RowFile:
        """The file at an address.

        Raises:
            EvaluationError: this is not the address of a file that somebody holds.
        """
        found = self._known.get(address)
        if found is None:
            raise EvaluationError(
                "get_row: 'path' is computed, so the file cannot be read in advance",
                hint='write the path as a constant, such as get_row("cities.csv")',
            )
        return found

    def _file(self, path: str, digest: str, content: Callable[[], Any]) -> RowFile:
        with self._lock:
            file = self._known.get(f"{path}{_SEPARATOR}{digest}")
            if file is None:
                file = RowFile(path, digest, content())
                self._known[file.address] = file
            return file

    def _map(self, path: str, digest: str) -> Any:
        import pyarrow as pa

        hint = "restore the data directory from a backup, or add the generator again"
        try:
            assert self.folder is not None
            data = pa.memory_map(str(self.folder / digest)).read_buffer()
        except (OSError, AssertionError):
            raise file_error(path, "its copy in the data directory is missing", hint=hint) from None
        if content_digest(data) != digest:
            raise file_error(path, "its copy in the data directory is damaged", hint=hint)
        return data


def content_digest(data: Any) -> str:
    """The digest of the content of a file, 32 hexadecimal digits."""
    return blake2b(data, digest_size=_DIGEST_BYTES, person=b"eventer.rows").hexdigest()


ROW_FILES: Final = RowFiles()
"""The files of this process."""
