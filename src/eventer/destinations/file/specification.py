"""Files as a kind of destination."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from eventer.core.errors import Fault, RequestError
from eventer.core.model import EventShape, FileTarget, JsonValue
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.file.connector import FileConnector
from eventer.destinations.file.partition_folders import parse_partition
from eventer.destinations.file.settings import FileSettings
from eventer.destinations.file.target_path import path_fault
from eventer.destinations.kind import DestinationKind

if TYPE_CHECKING:
    from eventer.destinations.file.connection_settings import FileConnectionSettings
    from eventer.destinations.file.target_options import FileOptions


class FileKind(DestinationKind[FileTarget, "FileConnectionSettings"]):
    """Folders of files below a root folder."""

    name = "file"
    title = "Folder of files"
    target_type = FileTarget
    address_setting = "root"
    address_noun = "root folder"

    def target_options(self) -> type[FileOptions]:
        """See `DestinationKind`."""
        from eventer.destinations.file.target_options import FileOptions

        return FileOptions

    def connection_settings(self) -> type[FileConnectionSettings]:
        """See `DestinationKind`."""
        from eventer.destinations.file.connection_settings import FileConnectionSettings

        return FileConnectionSettings

    def configure(
        self, settings: FileConnectionSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        """The address is the root folder."""
        if settings.root is None:
            return ConfiguredConnection("exactly-once")
        root = settings.root.expanduser().absolute()
        client = FileSettings(root, settings.roll_interval, settings.roll_bytes)
        return ConfiguredConnection("exactly-once", FileConnector(context.name, client), str(root))

    def faults(self, target: FileTarget) -> Iterator[Fault]:
        """The path and the partition folders."""
        if fault := path_fault(target.path):
            yield Fault("/path", fault)
        for number, level in enumerate(target.partition_by):
            try:
                parse_partition(level)
            except RequestError as error:
                yield Fault(f"/partition_by/{number}", error.message)

    def identity(self, target: FileTarget) -> Mapping[str, JsonValue]:
        """See `DestinationKind`."""
        return {
            "connection": target.connection,
            "path": target.path,
            "format": target.format,
            "partition_by": list(target.partition_by),
        }

    def named_fields(self, target: FileTarget) -> Iterator[tuple[str, str]]:
        """The fields of partition folders."""
        for text in target.partition_by:
            if (pointer := parse_partition(text).pointer) is not None:
                yield "partition_by", pointer

    def check_fields(self, shape: EventShape, target: FileTarget, names: frozenset[str]) -> None:
        """Whether the fields can be columns."""
        from eventer.destinations.file.event_tables import check_shape

        del target, names
        check_shape(shape)

    def without_name(self, target: FileTarget) -> FileTarget:
        """See `DestinationKind`."""
        return replace(target, path="", connection="")
