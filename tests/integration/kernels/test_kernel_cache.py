"""The cache of compiled kernels does not depend on private names of Numba."""

import numpy as np
import pytest
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target

from eventer.kernels.support import kernel_cache
from eventer.kernels.support.digest_loops import chain_each
from eventer.kernels.support.jit import dispatcher


@pytest.mark.parametrize("loads_alone", [True, False])
def test_kernels_are_loaded_without_private_names_of_numba(monkeypatch, loads_alone):
    compiled = dispatcher(chain_each.__wrapped__)
    compiled(*np.zeros((2, 3), np.uint64))
    (signature,) = compiled.signatures
    called = []

    def public_method(cache, *arguments):
        called.append(arguments)
        return "loaded"

    monkeypatch.setattr(kernel_cache, "LOADS_ALONE", loads_alone)
    monkeypatch.setattr(FunctionCache, "load_overload", public_method)
    found = compiled._cache.load_overload(signature, cpu_target.target_context)
    assert found is not None
    assert bool(called) != loads_alone
