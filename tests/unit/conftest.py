"""Unit tests compile no kernels: plain Python functions compute columns of any length.

tests/integration/kernels checks that both give the same values.
"""

import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest

from eventer.kernels import draw
from eventer.kernels.json import assemble, selectors
from eventer.kernels.support import numba_loading


def _refuse() -> NoReturn:
    pytest.fail("a unit test calls a compiled kernel: move it to tests/integration")


@pytest.fixture(scope="package", autouse=True)
def _plain_kernels() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (draw, selectors):
            patch.setattr(module, "use_compiled", lambda _rows: False)
        for limit in ("MIN_ROWS_TO_IMPORT_NUMBA", "_MIN_ROWS_COMPILED", "_MIN_BYTES_COMPILED"):
            patch.setattr(assemble, limit, sys.maxsize)
        patch.setattr(numba_loading, "_import_numba", _refuse)
        yield
