"""The settings of a connection to files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_ROLL_INTERVAL: Final = 10.0
DEFAULT_ROLL_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class FileSettings:
    """A root folder. All targets are folders below it.

    A part holds the events of at most `roll_interval` seconds and about `roll_bytes` bytes of
    memory.
    """

    root: Path
    roll_interval: float = DEFAULT_ROLL_INTERVAL
    roll_bytes: int = DEFAULT_ROLL_BYTES
