"""Sets how a process that generates events allocates memory, and releases unused pages."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

from eventer.kernels.support.numba_loading import LOADING, CompileActivity

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Parameters of glibc's `mallopt`."""
_TRIM_BYTES: Final = 64 << 20
_MMAP_BYTES: Final = 32 << 20
_IDLE_S: Final = 1.0
_COMPILER_LIBRARY: Final = "libllvmlite"
_MAPS: Final = Path("/proc/self/maps")
_DONTNEED: Final = 4
"""The advice MADV_DONTNEED of Linux's `madvise`."""


def use_system_allocator() -> None:
    """Makes Arrow allocate from the C library, which keeps 64 MiB of free memory.

    Arrow's own allocator kept twice what its columns need at most, beside the memory that numpy
    frees. Without the 64 MiB each batch gets new pages, which the kernel zeroes at first touch: a
    tenth of the time. Without glibc no memory is kept.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _MMAP_BYTES)
    mallopt(_TRIM_THRESHOLD, _TRIM_BYTES)


class CompilerPageReleaser:
    """Releases the pages of LLVM's code, 50 MiB, when no kernel has been loaded for a while.

    LLVM links cached kernels in the first seconds and is rarely used later. Nothing is unloaded:
    released pages are read again when they are needed.
    """

    def __init__(self, loading: CompileActivity = LOADING, quiet: float = _IDLE_S) -> None:
        self._loading = loading
        self._quiet = quiet
        self._timer: asyncio.TimerHandle | None = None

    def watch(self) -> Callable[[], None]:
        """Starts in the running event loop. The returned function ends it."""
        loop = asyncio.get_running_loop()
        unwatch = self._loading.watch(
            lambda begun: None if begun else loop.call_soon_threadsafe(self._wait, loop)
        )
        self._wait(loop)

        def end() -> None:
            unwatch()
            if self._timer is not None:
                self._timer.cancel()

        return end

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_later(self._quiet, release_compiler_pages)


def release_compiler_pages() -> None:
    """Releases the pages of LLVM's code, which the kernel reads from its file again on use.

    Code is never written to, so nothing is lost. Has an effect on Linux only.
    """
    with suppress(OSError, AttributeError):
        madvise = ctypes.CDLL(None).madvise
        for start, end in _compiler_code_ranges():
            madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONTNEED)


def _compiler_code_ranges() -> Iterator[tuple[int, int]]:
    for line in _MAPS.read_text(encoding="utf-8", errors="replace").splitlines():
        if _COMPILER_LIBRARY in line and " r-xp " in line:
            start, _, end = line.split(maxsplit=1)[0].partition("-")
            yield int(start, 16), int(end, 16)
