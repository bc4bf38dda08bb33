"""The target of `eventer.run`: the arguments that name a destination, and those beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args

from eventer.core.errors import RequestError
from eventer.core.model import (
    FileFormat,
    FileTarget,
    KafkaTarget,
    PostgresTarget,
    RecordFormat,
    WrittenPart,
)
from eventer.library.text_file import read_text_file

_FILE_FORMATS: Final[tuple[str, ...]] = get_args(FileFormat)


@dataclass(frozen=True, slots=True)
class TargetArguments:
    """The arguments. `formats` and `schema_files` are those of the values and keys of records."""

    kafka: str | None
    postgres: str | None
    file: str | None
    key: str | Sequence[str] | None
    connection: str | None
    formats: tuple[RecordFormat, RecordFormat]
    schema_files: tuple[str | Path | None, str | Path | None]
    file_format: str | None
    partition_by: Sequence[str]
    part: WrittenPart
    op: str | None

    @property
    def settings(self) -> Mapping[str, object]:
        """Settings: without a connection, the folder is the root, as for the command."""
        return {} if self.file is None or self.connection else {"file.root": self.file}

    def target(self) -> KafkaTarget | PostgresTarget | FileTarget:
        """The target.

        Raises:
            RequestError: not one destination is given, an argument belongs to another one, or a
                name is invalid.
        """
        from eventer.service.request_faults import raise_faults, target_faults

        self._check()
        target = self._chosen()
        raise_faults(list(target_faults(target, "")))
        return target

    def _chosen(self) -> KafkaTarget | PostgresTarget | FileTarget:
        if self.kafka is not None:
            return self._topic()
        return self._folder() if self.postgres is None else self._table()

    def _check(self) -> None:
        given = [each for each in (self.kafka, self.postgres, self.file) if each is not None]
        if len(given) != 1:
            raise RequestError(
                "give one destination: `kafka`, a topic, `postgres`, a table, or `file`, a folder"
            )
        if self.kafka is None and self.formats != ("json", "json"):
            raise RequestError("`format` and `key_format` need `kafka`, a topic")
        if self.kafka is None and self.schema_files != (None, None):
            raise RequestError("`schema_file` and `key_schema_file` need `kafka`, a topic")
        if self.file is None and (self.file_format is not None or self.partition_by):
            raise RequestError("`file_format` and `partition_by` need `file`, a folder")
        if self.file is not None and (self.key is not None or self.op is not None):
            raise RequestError("`key` and `op` need `kafka` or `postgres`: files have no keys")
        if self.file_format not in (None, *_FILE_FORMATS):
            raise RequestError(f"`file_format` must be {' or '.join(_FILE_FORMATS)}")

    def _record(self) -> dict[str, Any]:
        return {"value": self.part.value, "omit": self.part.omit, "op": self.op}

    def _topic(self) -> KafkaTarget:
        assert self.kafka is not None
        if not isinstance(self.key, str | None):
            raise RequestError("`key` of a topic must be one field")
        formats: dict[str, Any] = dict(zip(("format", "key_format"), self.formats, strict=True))
        texts = [None if file is None else read_text_file(file) for file in self.schema_files]
        schemas = dict(zip(("schema", "key_schema"), texts, strict=True))
        record = self._record() | formats | schemas
        return KafkaTarget(self.kafka, self.connection or "kafka", self.key, **record)

    def _table(self) -> PostgresTarget:
        assert self.postgres is not None
        key = (self.key,) if isinstance(self.key, str) else self.key
        columns = None if key is None else tuple(key)
        return PostgresTarget(
            self.postgres, self.connection or "postgres", columns, **self._record()
        )

    def _folder(self) -> FileTarget:
        assert self.file is not None
        return FileTarget(
            self.file if self.connection else ".",
            self.connection or "file",
            cast("FileFormat", self.file_format or "ndjson"),
            tuple(self.partition_by),
            self.part.value,
            self.part.omit,
        )
