"""Compiles all kernels into the cache. Importing this module imports Numba."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from eventer.kernels.support.cache_locator import is_writable
from eventer.kernels.support.jit import dispatcher
from eventer.kernels.support.kernel_signatures import KERNEL_SIGNATURES
from eventer.kernels.support.numba_loading import numba

numba()  # before its parts

from numba.core import types  # noqa: E402

_SCALARS: Final[dict[str, Any]] = {
    "bool": types.boolean,
    "f64": types.float64,
    "i32": types.int32,
    "i64": types.int64,
    "u32": types.uint32,
    "u64": types.uint64,
    "u8": types.uint8,
}
_KERNEL: Final = re.compile(r"^(\S+) (\w+)\(([^)]*)\)$", re.MULTILINE)
_TYPE: Final = re.compile(r"(const\s+)?(\w+?)(\**)(F?)")


@dataclass(frozen=True, slots=True)
class WarmedKernels:
    """The kernels that were compiled, those that the cache had, and the folder of the cache.

    The folder is None if no folder is writable: then nothing was kept.
    """

    compiled: int
    cached: int
    folder: Path | None


def warm_kernels(on_compile: Callable[[str], None]) -> WarmedKernels:
    """Compiles each kernel that the cache does not have; `on_compile` gets its name before."""
    compiled, cached, folder = 0, 0, None
    for name, kernel, types_ in kernels():
        path = getattr(kernel._cache, "cache_path", None)  # noqa: SLF001  as `jit.dispatcher`
        folder = None if path is None else Path(path)
        if folder is None or not is_writable(folder):
            return WarmedKernels(compiled, cached, None)
        if kernel._cache.load_overload(types_, kernel.targetctx) is None:  # noqa: SLF001
            on_compile(name)
            kernel.compile(types_)
            compiled += 1
        else:
            cached += 1
    assert folder is not None
    return WarmedKernels(compiled, cached, folder.parent)


def kernels() -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """The name, the dispatcher and the types of arguments of each kernel."""
    for module, name, arguments in _KERNEL.findall(KERNEL_SIGNATURES):
        function = getattr(import_module(f"eventer.kernels.{module}"), name).__wrapped__
        yield (
            f"{module}.{name}",
            dispatcher(function, in_other_process=False),
            tuple(_numba_type(" ".join(text.split())) for text in arguments.split(",")),
        )


def _numba_type(text: str) -> Any:
    found = _TYPE.fullmatch(text)
    assert found is not None, text
    const, scalar, dimensions, order = found.groups()
    layout: Any = order or "C"
    if not dimensions:
        return _SCALARS[scalar]
    return types.Array(_SCALARS[scalar], len(dimensions), layout, readonly=bool(const))
