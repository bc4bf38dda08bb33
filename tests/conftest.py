"""Loads the plugins with the fixtures for servers and services; sets the hypothesis profile."""

import gc
import importlib
import os
import sys
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings

# Tests start hundreds of processes: without bytecode files, each compiles all sources.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest.register_assert_rewrite("eventer.testing")

# `same` uses the same examples in every run, so that only a code change can make a test fail.
# LANGUAGE_PROGRAMS and the profile `search` use new examples. There is no deadline, because the
# first call of a kernel compiles it.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest_plugins = [
    "tests.kafka_server.plugin",
    "tests.postgres_server.plugin",
    "tests.acceptance.services",
]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Collects without searching for garbage: what is collected stays until the end."""
    gc.disable()
    try:
        _import_own_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _import_own_share(config):
    """Imports every n-th test module in one of n workers, so that it rewrites only their asserts.

    The other modules are then in the bytecode cache, or nearly all of them.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    root = Path(config.rootpath)
    paths = sorted({path for name in config.args for path in _test_modules(root / name)})
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in paths[number::count]:
        with suppress(Exception, pytest.skip.Exception):  # the collection reports it
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))


def _test_modules(path):
    return path.rglob("test_*.py") if path.is_dir() else []


def pytest_collection_modifyitems(config, items):
    """Deals the test modules to the workers: long tests come first, unit tests last.

    Then all workers end at the same time. Each worker begins with an equal part of the list.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    shares = [[] for _ in range(worker["workercount"])]
    modules = [list(each) for _, each in groupby(items, lambda item: item.path)]
    for module in sorted(modules, key=_order):
        min(shares, key=len).extend(module)
    items[:] = [item for share in shares for item in share]


def _order(module):
    """The order of a module: unit tests by size, so that the shares become equal."""
    _, folder, *_ = module[0].nodeid.split("/")
    match folder:
        case "acceptance":
            return 0, 0
        case "unit":
            return 2, -len(module)
    return 1, 0
