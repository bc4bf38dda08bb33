"""Plain loops over arrays, compiled by Numba at their first call and kept on disk.

A process of its own compiles them, where there is a place to keep them: the package's
`__pycache__` where that can be written, else the user's cache directory (`NUMBA_CACHE_DIR` names
another). Where there is none, each process compiles anew. A shared temporary directory is no
choice: what lies there is executed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.support.numba_loading import numba

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=np.generic)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a function that releases the GIL; importing its module does not import Numba.

    The function may call no other kernel, only what `callable_from_kernels` marks, and is compiled
    once for each combination of array types: Numba tells read-only arrays from writable ones, so
    pass each argument the same way (`frozen`).
    """

    @lru_cache(maxsize=1)
    def compiled() -> Any:
        return dispatcher(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = compiled()(*args, **kwargs)
        return result

    return call


def callable_from_kernels(function: Callable[P, R]) -> Callable[P, R]:
    """Lets a function be compiled into kernels; a module that uses this imports Numba."""
    numba()  # before its parts
    from numba.extending import register_jitable

    marked: Callable[P, R] = register_jitable(forceinline=True)(function)
    return marked


def frozen(array: NDArray[S]) -> NDArray[S]:
    """The array for reading only: kernels are compiled once where all are alike."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


def address_of(array: NDArray[Any]) -> int:
    """Where its data begin, for kernels that read by addresses; it must live as long as they do."""
    return int(array.__array_interface__["data"][0])


def dispatcher(function: Callable[..., Any], *, in_other_process: bool = True) -> Any:
    """Numba's own object for a kernel's function: what is called, and compiled for a signature.

    `in_other_process` says whether what no cache has is compiled by another process.
    """
    # Numba looks for changes in the kernel's own file alone, not in what is compiled into it.
    function.__qualname__ = f"{function.__name__}-{_sources()}"
    try:
        made = numba().njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no directory for the cache can be written
        return numba().njit(nogil=True)(function)
    if in_other_process:
        from eventer.kernels.support.kernel_cache import SharedKernelCache

        made._cache = SharedKernelCache(function)  # noqa: SLF001  as its `enable_caching` does
    return made


@lru_cache(maxsize=1)
def _sources() -> str:
    """A digest of all that kernels are compiled from."""
    digest = blake2b(digest_size=8)
    for path in sorted(Path(__file__).parent.parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
