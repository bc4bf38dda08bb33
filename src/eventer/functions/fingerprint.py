"""Which values are drawn, as one short text: it changes when, and only when, they may.

A generator stores it; after an upgrade that changes it, events before that point are no longer
recomputable.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from eventer.functions import data_files
from eventer.kernels import draw

VERSION: Final = 1
"""Of the functions: raised with any change of any value that any of them returns."""


@cache
def fingerprint() -> str:
    """Versions of draw and functions, and a hash of the data: `d1-f1-0123456789abcdef`."""
    return f"d{draw.VERSION}-f{VERSION}-{data_files.digest().hex()[:16]}"
