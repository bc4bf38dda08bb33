"""Compiles all kernels into the cache. Importing this module imports Numba."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, NamedTuple

from eventer.kernels.support.cache_locator import is_writable
from eventer.kernels.support.compile_client import CompileClient
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
_MAX_PROCESSES: Final = 8
_MAX_GROUP: Final = 8
"""Kernels that a process compiles at once; the largest module has about twice as many."""
_TYPE: Final = re.compile(r"(const\s+)?(\w+?)(\**)(F?)")


@dataclass(frozen=True, slots=True)
class WarmedKernels:
    """How many kernels were compiled, how many the cache had, and the folder that has all.

    The folder is None if no folder is writable: then nothing was kept.
    """

    compiled: int
    cached: int
    folder: Path | None


class Kernel(NamedTuple):
    """A kernel as the cache has it: its name, its dispatcher, and the types of its arguments."""

    name: str
    dispatcher: Any
    types: tuple[Any, ...]

    @property
    def module(self) -> str:
        """The module of its function."""
        module: str = self.dispatcher.py_func.__module__
        return module

    @property
    def folder(self) -> Path | None:
        """The folder of its compiled code, if any can be used."""
        path = getattr(self.dispatcher._cache, "cache_path", None)  # noqa: SLF001  as `jit`
        return None if path is None else Path(path)

    @property
    def is_cached(self) -> bool:
        """Whether the cache has its code."""
        cache, target = self.dispatcher._cache, self.dispatcher.targetctx  # noqa: SLF001
        return cache.load_overload(self.types, target) is not None


def warm_kernels(on_compiled: Callable[[str], None]) -> WarmedKernels:
    """Compiles each kernel that the cache does not have; `on_compiled` gets its name.

    Each core compiles the kernels of a module at a time, in a process of its own.
    """
    found = tuple(kernels())
    folders = {kernel.folder for kernel in found}
    used = [folder for folder in folders if folder is not None and is_writable(folder)]
    if len(used) < len(folders):
        return WarmedKernels(0, 0, None)
    missing = [kernel for kernel in found if not kernel.is_cached]
    for name in _compile_all(missing):
        on_compiled(name)
    folder = Path(os.path.commonpath(used))
    return WarmedKernels(len(missing), len(found) - len(missing), folder)


def _compile_all(missing: list[Kernel]) -> Iterator[str]:
    """Compiles kernels; their names, in order."""
    clients = [CompileClient() for _ in range(_processes(len(missing)))]
    idle: SimpleQueue[CompileClient] = SimpleQueue()
    for client in clients:
        idle.put(client)
    try:
        with ThreadPoolExecutor(len(clients)) as threads:
            for names in threads.map(lambda group: _compile(group, idle), _groups(missing)):
                yield from names
    finally:
        for client in clients:
            client.stop()


def _processes(kernels: int) -> int:
    """How many processes compile: each needs some 200 MiB of memory."""
    return max(1, min(len(os.sched_getaffinity(0)), kernels, _MAX_PROCESSES))


def _groups(missing: list[Kernel]) -> list[list[Kernel]]:
    """Kernels of one module, which call the same functions: a process compiles these once."""
    groups = [list(group) for _, group in groupby(missing, lambda kernel: kernel.module)]
    return [
        group[first : first + _MAX_GROUP]
        for group in groups
        for first in range(0, len(group), _MAX_GROUP)
    ]


def _compile(group: list[Kernel], idle: SimpleQueue[CompileClient]) -> list[str]:
    """Has kernels compiled by one process, and returns their names."""
    client = idle.get()
    try:
        for kernel in group:
            name = kernel.dispatcher.py_func.__name__
            if not client.compile_into_cache(kernel.module, name, kernel.types):
                kernel.dispatcher.compile(kernel.types)  # raises the error
    finally:
        idle.put(client)
    return [kernel.name for kernel in group]


def kernels() -> Iterator[Kernel]:
    """All kernels."""
    for module, name, arguments in _KERNEL.findall(KERNEL_SIGNATURES):
        function = getattr(import_module(f"eventer.kernels.{module}"), name).__wrapped__
        yield Kernel(
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
