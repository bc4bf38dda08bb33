"""The cache of compiled kernels. Importing this module imports Numba."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from eventer.kernels.support.compile_client import CompileClient
from eventer.kernels.support.numba_loading import numba

numba()  # before its parts

from numba.core.caching import FunctionCache  # noqa: E402

_COMPILE_CLIENT: Final = CompileClient()


class SharedKernelCache(FunctionCache):
    """Numba's cache on disk; another process compiles missing kernels into it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._names = function.__module__, function.__name__

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for a signature; None if this process must compile it."""
        found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        if found is not None:
            return found
        with self._lock():
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
            if found is None and _COMPILE_CLIENT.compile_into_cache(*self._names, sig):
                found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return found

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
