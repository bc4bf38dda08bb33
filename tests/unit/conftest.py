"""Unit tests compile nothing: columns of any length are computed by the plain twins of kernels.

That both ways give the same values is shown by tests/integration/kernels.
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
