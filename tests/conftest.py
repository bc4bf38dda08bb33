"""Servers that tests share, each a plugin of its own; a test takes one by naming its fixture."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("eventer.testing")

# The same examples in every run, so that a run is judged by its change; LANGUAGE_PROGRAMS, and the
# profile `search`, look for new ones. The first call of a kernel compiles it, so there is no
# deadline.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest_plugins = ["tests.kafka_server.plugin", "tests.postgres_server.plugin"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Keeps everything else waiting while a test marked `alone` measures time.

    Whatever a test sets up and tears down for others too, servers first of all, is within.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    folder = item.config._tmp_path_factory.getbasetemp().parent  # type: ignore[attr-defined]
    if item.get_closest_marker("alone"):
        with _held(folder / "gate", fcntl.LOCK_EX), _held(folder / "room", fcntl.LOCK_EX):
            return (yield)
    with ExitStack() as held:
        with _held(folder / "gate", fcntl.LOCK_EX):
            held.enter_context(_held(folder / "room", fcntl.LOCK_SH))
        return (yield)


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield
