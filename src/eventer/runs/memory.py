"""Where batches get their memory, which are made and let go of all the time."""

from __future__ import annotations

import ctypes
from typing import Final

import pyarrow as pa

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Of glibc's `mallopt`."""
_KEPT: Final = 64 << 20
_MAPPED: Final = 32 << 20


def share_memory() -> None:
    """Lets everything in this process take memory from the C library, and that keep 64 MiB of it.

    Arrow's own allocator held on to twice what its columns ever took at once, beside what numpy's
    arrays had left free. Without the 64 MiB each batch gets fresh pages, which the kernel zeroes at
    first touch: a tenth of the time. Where there is no glibc nothing is kept.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_MMAP_THRESHOLD, _MAPPED)
    mallopt(_TRIM_THRESHOLD, _KEPT)
