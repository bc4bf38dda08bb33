"""Compiles all kernels, so that the first events do not wait for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from eventer.core.errors import ConfigError

if TYPE_CHECKING:
    from eventer.kernels.support.warm_kernels import WarmedKernels


def warm(on_compiled: Callable[[str], None]) -> WarmedKernels:
    """Compiles each kernel that the cache does not have; `on_compiled` gets its name.

    Raises:
        ConfigError: the folder of the cache is not writable.
    """
    from eventer.kernels.support.warm_kernels import warm_kernels

    warmed = warm_kernels(on_compiled)
    if warmed.folder is None:
        raise ConfigError(
            "no folder for compiled kernels is writable",
            hint="set EVENTER_CACHE_DIR to a folder that this user can write",
        )
    return warmed
