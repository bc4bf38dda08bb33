"""Limits of numbers in requests, for the API, the command line and the library alike."""

from __future__ import annotations

from typing import Final

MAX_INDEX: Final = 4 * 10**18
"""Largest index of an event: OpenAPI documents have doubles, so it is one."""
MAX_POPULATION: Final = 10**12
"""Events of a stream that can be referred to."""
MAX_TICK_EVENTS: Final = 10**9
"""Events of one tick or firing."""
MAX_REPEAT: Final = 10**9
"""How often stages are run."""
MAX_MULTIPLIER: Final = 10**6
"""Of a profile."""
MAX_BUCKETS: Final = 1_000
"""The most parts of a shown pace."""
MAX_RECOMPUTED: Final = 1_000
"""Events of a generator that one request shows."""
MAX_FAULT_RANGE: Final = 10_000
"""Events that one request for faults covers."""
