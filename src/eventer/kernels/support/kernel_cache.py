"""The cache of compiled kernels. Importing this module imports Numba."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from eventer.kernels.support.cache_locator import KernelLocator, is_writable
from eventer.kernels.support.compile_client import CompileClient
from eventer.kernels.support.compile_notice import NOTICE, watch_own_compilations
from eventer.kernels.support.numba_loading import numba

numba()  # before its parts

from numba.core.caching import CompileResultCacheImpl, FunctionCache  # noqa: E402
from numba.core.registry import cpu_target  # noqa: E402
from numba.core.runtime.nrt import rtsys  # noqa: E402

_COMPILE_CLIENT: Final = CompileClient()
LOADS_ALONE: Final = hasattr(FunctionCache, "_load_overload") and hasattr(
    FunctionCache, "_guard_against_spurious_io_errors"
)
"""Whether this version of Numba can read its cache without loading its compiler."""


def load_runtime() -> None:
    """Loads what compiled kernels need to run. A compilation needs far more."""
    rtsys.initialize(cpu_target.target_context)


class _LocatedCache(CompileResultCacheImpl):
    _locator_classes = [KernelLocator, *CompileResultCacheImpl._locator_classes]  # noqa: RUF012, SLF001


class KernelCache(FunctionCache):
    """Numba's cache on disk, in the folders of `cache_locator`."""

    _impl_class = _LocatedCache

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._names = function.__module__, function.__name__

    def save_overload(self, sig: Any, data: Any) -> None:
        """Saves the code for a signature, unless the folder is read-only."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]


class SharedKernelCache(KernelCache):
    """A cache into which another process compiles missing kernels."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature; None if this process must compile it."""
        found = self._cached(sig, target_context)
        if found is not None:
            return found
        if not is_writable(Path(self.cache_path)):
            watch_own_compilations()
            return None
        NOTICE.folder = str(Path(self.cache_path).parent)
        with NOTICE, self._lock():
            found = self._cached(sig, target_context)
            if found is None and _COMPILE_CLIENT.compile_into_cache(*self._names, sig):
                found = self._cached(sig, target_context)
        return found

    def _cached(self, sig: Any, target_context: Any) -> Any:
        """The code in the cache, or None.

        Numba's public method first loads all that a compilation may need, which takes longer than
        the import of Numba. Compiled code needs only the runtime.
        """
        if not LOADS_ALONE:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        load_runtime()
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Lets one of several processes have a kernel compiled; the others then find it."""
        try:
            file = os.open(
                Path(self.cache_path, f"{self._names[1]}.lock"), os.O_CREAT | os.O_WRONLY
            )
        except OSError:  # the cache is read-only
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)
