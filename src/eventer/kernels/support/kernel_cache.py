"""The cache of compiled kernels. Importing this module imports Numba."""

from __future__ import annotations

from collections.abc import Callable
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
        if found is None and _COMPILE_CLIENT.compile_into_cache(*self._names, sig):
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        return found
