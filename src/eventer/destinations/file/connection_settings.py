"""The settings of a connection to files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from eventer.destinations.connection_settings import ConnectionSettings, Integer, Number
from eventer.destinations.file.settings import DEFAULT_ROLL_BYTES, DEFAULT_ROLL_INTERVAL


class FileConnectionSettings(ConnectionSettings):
    """A root folder for files."""

    root: Path | None = Field(
        default=None,
        description="Folder of the files. Generators write to folders below it and nowhere else. "
        "Eventer creates it if it does not exist.",
        examples=["/var/lib/eventer/files"],
    )
    roll_interval: Annotated[Number, Field(ge=0.1, le=3_600)] = Field(
        default=DEFAULT_ROLL_INTERVAL,
        description="Interval at which a shard commits new parts, in seconds. Events are visible "
        "after their commit.",
    )
    roll_bytes: Annotated[Integer, Field(ge=1 << 20, le=1 << 30)] = Field(
        default=DEFAULT_ROLL_BYTES,
        description="Memory of the waiting events of a shard, in bytes, at which it commits them "
        "before `roll_interval` has passed. A shard uses up to three times as much memory.",
    )
