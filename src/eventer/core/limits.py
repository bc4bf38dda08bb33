"""Limits of numbers in requests, for the API, the command line and the library."""

from __future__ import annotations

from typing import Final

MAX_INDEX: Final = 4 * 10**18
"""Largest index of an event: a double holds it exactly, because OpenAPI documents have doubles."""
MAX_POPULATION: Final = 10**12
"""Most events of a stream that others can refer to."""
MAX_TICK_EVENTS: Final = 10**9
"""Most events of one tick or firing."""
MAX_REPEAT: Final = 10**9
"""Most repetitions of stages."""
MAX_MULTIPLIER: Final = 10**6
"""Largest multiplier of a profile."""
MAX_BUCKETS: Final = 1_000
"""Most parts of a shown pace."""
MAX_TESTED_TARGETS: Final = 1_000
"""Most topics, tables or folders whose sizes a test of a connection reads."""
MAX_RECOMPUTED: Final = 1_000
"""Most events of a generator that one request shows."""
MAX_FAULT_RANGE: Final = 10_000
"""Most events that one request for faults covers."""
