"""The target of `--kafka`, `--postgres`, `--file`, `--http` or `--to`, and of their options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from eventer.cli.other_target import OtherTarget
    from eventer.core.model import (
        ConsoleTarget,
        FileFormat,
        FileTarget,
        RecordFormat,
        ServiceTarget,
        WrittenPart,
    )

_FILES = frozenset({"schema", "key_schema"})
_NAMED_OPTIONS = _FILES | {"key", "value", "omit", "op", "key_format", "partition_by"}

_Target = TypeVar("_Target", bound="ServiceTarget | ConsoleTarget")


def target_of(
    topic: str | None,
    table: str | None,
    key: str | None,
    connection: str | None,
    *,
    part: WrittenPart | None = None,
    op: str | None = None,
    formats: RecordFormats | None = None,
    files: FolderOptions | None = None,
    http: EndpointOptions | None = None,
    other: OtherTarget | None = None,
) -> ServiceTarget | None:
    """The target of the events, of which `part` is written; None without a destination.

    Raises:
        typer.BadParameter: several are given, a name is invalid, or a file cannot be read.
    """
    from eventer.core.model import WHOLE_EVENT, KafkaTarget, PostgresTarget

    part = part or WHOLE_EVENT
    record: dict[str, Any] = {"value": part.value, "omit": part.omit, "op": op}
    to = None if other is None else other.to
    key_of_record = key if to is None else None
    folder = None if files is None else files.checked_folder(key_of_record)
    path = None if http is None else http.checked_path(key_of_record)
    given = {"--kafka": topic, "--postgres": table, "--file": folder, "--http": path, "--to": to}
    chosen = [name for name, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise typer.BadParameter(f"{chosen[0]} and {chosen[1]} cannot be combined")
    if topic is not None:
        record |= {} if formats is None else formats.target_fields()
        return checked_target(KafkaTarget(topic, connection or "kafka", key, **record), "--kafka")
    if formats is not None:
        formats.check_unused()
    if other is not None and to is not None:
        return other.target(connection, record | {"key": key})
    if other is not None:
        other.check_unused()
    if op is not None and table is None:
        raise typer.BadParameter("--op needs --kafka or --postgres", param_hint="'--op'")
    if table is not None:
        columns = None if key is None else tuple(name.strip() for name in key.split(","))
        target = PostgresTarget(table, connection or "postgres", columns, **record)
        return checked_target(target, "--postgres")
    if files is not None and folder is not None:
        return checked_target(files.target(folder, connection, part), "--file")
    if http is not None and path is not None:
        return checked_target(http.target(path, connection, part), "--http")
    return None


@dataclass(frozen=True, slots=True)
class RecordFormats:
    """The formats of the values and keys of records, and the files of their schemas."""

    format: RecordFormat
    key_format: RecordFormat
    schema_file: Path | None
    key_schema_file: Path | None

    def target_fields(self) -> dict[str, Any]:
        """The fields of a target.

        Raises:
            typer.BadParameter: a file cannot be read.
        """
        from eventer.cli.options import read_text

        files = {"schema": self.schema_file, "key_schema": self.key_schema_file}
        texts = {name: None if file is None else read_text(file) for name, file in files.items()}
        return {"format": self.format, "key_format": self.key_format, **texts}

    def check_unused(self) -> None:
        """Checks that no option is given.

        Raises:
            typer.BadParameter: one is.
        """
        if (self.format, self.key_format) != ("json", "json"):
            raise typer.BadParameter("--format and --key-format need --kafka")
        if self.schema_file is not None or self.key_schema_file is not None:
            raise typer.BadParameter("--schema-file and --key-schema-file need --kafka")


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """The options of files."""

    folder: str | None
    format: str | None
    partition_by: Iterable[str] | None

    def checked_folder(self, key: str | None) -> str | None:
        """The folder; None without `--file`.

        Raises:
            typer.BadParameter: other options need it, or `--key` is given.
        """
        if self.folder is None:
            for option, value in (
                ("--file-format", self.format),
                ("--partition-by", self.partition_by),
            ):
                if value:
                    raise typer.BadParameter(f"{option} needs --file FOLDER")
        elif key is not None:
            raise typer.BadParameter("--key needs --kafka or --postgres: files have no keys")
        return self.folder

    def target(self, folder: str, connection: str | None, part: WrittenPart) -> FileTarget:
        """The target."""
        from eventer.core.model import FileTarget

        return FileTarget(
            folder,
            connection or "file",
            cast("FileFormat", self.format or "ndjson"),
            tuple(self.partition_by or ()),
            part.value,
            part.omit,
        )


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """The options of HTTP endpoints. With an empty path, the URL of the connection is one."""

    path: str | None
    format: str | None

    def checked_path(self, key: str | None) -> str | None:
        """The path; None without `--http`.

        Raises:
            typer.BadParameter: other options need it, or `--key` is given.
        """
        if self.path is None and self.format:
            raise typer.BadParameter("--http-format needs --http")
        if self.path is not None and key is not None:
            raise typer.BadParameter("--key needs --kafka or --postgres: requests have no keys")
        return self.path

    def target(self, path: str, connection: str | None, part: WrittenPart) -> ServiceTarget:
        """The target."""
        from eventer.service.destination_kinds import http_target

        return http_target(path, connection or "http", self.format or "ndjson", part)


def checked_target(target: _Target, option: str) -> _Target:
    """The target, whose name `option` gives.

    Raises:
        typer.BadParameter: a name is invalid.
    """
    from eventer.service.request_faults import target_faults

    for fault in target_faults(target, ""):
        name = (fault.pointer or "").split("/")[1]
        named = f"--{name.replace('_', '-')}" if name in _NAMED_OPTIONS else option
        named = f"{named}-file" if name in _FILES else named
        raise typer.BadParameter(fault.message, param_hint=f"'{named}'")
    return target
