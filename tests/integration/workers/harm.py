"""Templates that crash their worker past all budgets.

No template can do that, as far as is known; so this connector, which is loaded into the worker with
its connection, puts what does harm in the place of the engine.
"""

import ctypes
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eventer.plan import prepare as preparing
from eventer.workers import delivery_worker
from tests.sqlite_destination import SqliteConnector

HARMFUL = "{ harm: '%s', n: std.native('get_integer')(1, 9) }"
AT = 30
TRIES = "tries"
"""The file with the first index of each slice that crashed."""


@dataclass(frozen=True)
class HarmfulConnector(SqliteConnector):
    """A connector that also runs templates that crash their worker."""

    def connect(self, cluster: int, shard: int):
        delivery_worker._prepared = partial(prepare_harm, self.folder / TRIES)
        return super().connect(cluster, shard)


def prepare_harm(tries: Path, template):
    prepared = preparing.prepare(template)
    harm = next((name for name in HARMS if f"harm: '{name}'" in template.text), None)
    if harm == "spin":
        delivery_worker.STUCK_EVENT_LIMIT_S = 1.0
    return prepared if harm is None else _Prepared(prepared, HARMS[harm], tries)


class _Prepared:
    def __init__(self, prepared, harm, tries):
        self._prepared, self._harm, self._tries = prepared, harm, tries

    def engine(self, *arguments, **named):
        return _Engine(self._prepared.engine(*arguments, **named), self._harm, self._tries)

    def generator_engine(self, *arguments, **named):
        engine = self._prepared.generator_engine(*arguments, **named)
        return _Engine(engine, self._harm, self._tries)


class _Engine:
    def __init__(self, engine, harm, tries):
        self._engine, self._harm, self._tries = engine, harm, tries
        self.name, self.reason = engine.name, engine.reason

    def generate(self, first, scheduled, deadline_ns=None, later=None):
        if first <= AT < first + len(scheduled):
            with self._tries.open("a") as tries:
                tries.write(f"{first}\n")
            self._harm()
        return self._engine.generate(first, scheduled, deadline_ns, later)


def crash():
    ctypes.string_at(0)


def hang():
    """Hangs in compiled code while it holds the interpreter lock."""
    ctypes.PyDLL(None).sleep(3600)


def spin():
    """Loops in Python, so that the process detects it and ends itself."""
    while True:
        pass


def devour():
    """Allocates more memory than the process may have."""
    kept = []
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while (place := libc.malloc(64 << 20)) is not None:
        ctypes.memset(place, 1, 64 << 20)
        kept.append(place)
    libc.abort()


def doze():
    """Sleeps for longer than a stopping service waits, then succeeds."""
    time.sleep(300)


HARMS = {"crash": crash, "hang": hang, "devour": devour, "spin": spin, "doze": doze}
