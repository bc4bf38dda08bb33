"""Where compiled kernels are stored.

The first of these folders that can be used: `EVENTER_CACHE_DIR`; the `__pycache__` beside the
source of the kernel. One that is read-only can be used if kernels were compiled into it before
(`eventer warm`). Otherwise Numba chooses: `NUMBA_CACHE_DIR`, or the user's cache directory.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

CACHE_VARIABLE: Final = "EVENTER_CACHE_DIR"


class KernelLocator:
    """The folder of a kernel, as a locator of Numba's cache.

    The name of a kernel contains a digest of all their sources, so a stamp of its file says nothing
    more.
    """

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._line = function.__code__.co_firstlineno
        self._folder = folder

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> KernelLocator | None:
        """The locator of a kernel; None if no folder can be used."""
        for folder in _folders(Path(file)):
            with suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
            if is_writable(folder) or any(folder.glob(f"*.{function.__qualname__}-*.nbi")):
                return cls(function, folder)
        return None

    def ensure_cache_path(self) -> None:
        """The folder exists, but may be read-only."""

    def get_cache_path(self) -> str:
        """The folder."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """An empty stamp for all kernels: the name of the file has the digest of the sources."""
        return ""

    def get_disambiguator(self) -> str:
        """Tells apart two kernels of one name in one file."""
        return str(self._line)


def _folders(source: Path) -> Iterator[Path]:
    if chosen := os.environ.get(CACHE_VARIABLE):
        yield Path(chosen) / source.parent.name
    elif not os.environ.get("NUMBA_CACHE_DIR"):
        yield source.parent / "__pycache__"


def is_writable(folder: Path) -> bool:
    """Whether files can be created in a folder; access rights alone do not tell."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
