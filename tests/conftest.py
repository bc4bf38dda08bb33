"""Servers that tests share, each a plugin of its own; a test takes one by naming its fixture."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
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


@pytest.fixture(autouse=True)
def _room(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Keeps everything else waiting while a test marked `alone` measures time."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    folder = tmp_path_factory.getbasetemp().parent
    if request.node.get_closest_marker("alone"):
        with _held(folder / "gate", fcntl.LOCK_EX), _held(folder / "room", fcntl.LOCK_EX):
            yield
        return
    with _held(folder / "gate", fcntl.LOCK_EX):
        room = _held(folder / "room", fcntl.LOCK_SH)
        room.__enter__()
    yield
    room.__exit__(None, None, None)


@contextmanager
def _held(path: Path, kind: int) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, kind)
        yield
