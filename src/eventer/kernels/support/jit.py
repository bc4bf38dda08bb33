"""Kernels: loops over arrays that Numba compiles at their first call and caches on disk.

A separate process compiles them into the cache, whose folder `cache_locator` chooses. Without a
cache, each process compiles them. A shared temporary directory is not used, because cached code is
executed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.compile_notice import watch_own_compilations
from eventer.kernels.support.numba_loading import numba

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=np.generic)

_OPTIONS: Final = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
"""Divisions by zero are not checked: checks cost time and prevent vector instructions.

Nothing calls kernels from C, and a wrapper for that takes a tenth of the time of compilation.
"""
KERNEL_MARK: Final = "-"
"""Part of the qualified name of every kernel, and of no other function."""
_INLINED: Final[Any] = {"forceinline": True, "no_cfunc_wrapper": True}


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a function at its first call; it releases the GIL.

    It can call functions marked with `callable_from_kernels`, not other kernels. It is compiled for
    each combination of array types. Read-only and writable arrays are different types, so pass each
    argument in the same way (`frozen`). Importing its module does not import Numba.
    """

    @lru_cache(maxsize=1)
    def compiled() -> Any:
        return dispatcher(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = compiled()(*args, **kwargs)
        return result

    call.is_kernel = True  # type: ignore[attr-defined]
    return call


def callable_from_kernels(function: Callable[P, R]) -> Callable[P, R]:
    """Marks a function that kernels can call. Importing its module imports Numba."""
    numba()  # before its parts
    from numba.extending import register_jitable

    marked: Callable[P, R] = register_jitable(**_INLINED)(function)
    return marked


def compiled_as(function: Callable[..., Any]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Kernels that call `function` get the decorated function instead."""

    def replace(replacement: Callable[P, R]) -> Callable[P, R]:
        numba()  # before its parts
        from numba.extending import overload

        overload(function, jit_options=_INLINED, strict=False)(lambda *_: replacement)
        return replacement

    return replace


def frozen(array: NDArray[S]) -> NDArray[S]:
    """A read-only view of an array, so that kernels see one type."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def address_of(array: NDArray[Any]) -> int:
    """The address of the data of an array, which must be alive while a kernel reads it."""
    return int(array.__array_interface__["data"][0])


def dispatcher(function: Callable[..., Any], *, in_other_process: bool = True) -> Any:
    """Numba's dispatcher of a kernel.

    With `in_other_process` another process compiles what is not in the cache.
    """
    # Numba checks only the file of the kernel for changes, not the functions that it calls.
    function.__qualname__ = f"{function.__name__}{KERNEL_MARK}{_sources()}"
    compiled = numba().njit(**_OPTIONS)(function)
    from eventer.kernels.support.kernel_cache import KernelCache, SharedKernelCache

    cache = SharedKernelCache if in_other_process else KernelCache
    try:
        compiled._cache = cache(function)  # noqa: SLF001  as its `enable_caching` does
    except RuntimeError:  # no folder can be used
        watch_own_compilations()
    return compiled


@lru_cache(maxsize=1)
def _sources() -> str:
    """A digest of the sources of all kernels."""
    digest = blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
