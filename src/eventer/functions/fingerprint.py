"""The fingerprint: a short text that changes if, and only if, values may change.

A generator stores it. After an upgrade that changes it, earlier events cannot be recomputed.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from eventer.functions import data_files
from eventer.kernels import draw

VERSION: Final = 1
"""The version of the functions: increased with any change of any value that one returns."""


@cache
def fingerprint() -> str:
    """The versions of draws and functions, and a hash of the data: `d1-f1-0123456789abcdef`."""
    return f"d{draw.VERSION}-f{VERSION}-{data_files.digest().hex()[:16]}"
