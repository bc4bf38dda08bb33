"""Loads the plugins with the fixtures for servers and services; sets the hypothesis profile."""

import gc
import os
import sys
from itertools import groupby
from pathlib import Path

import pytest
from execnet import gateway_io
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from eventer.kernels.support.compile_client import CompileClient
from tests.forked_workers import (
    ForkedWorker,
    ForkedWorkers,
    import_test_modules,
    prepare_hypothesis,
)
from tests.kafka_server.jars import prepare_in_background
from tests.warm_kernels import wait_for_kernels, warm_in_background

# Tests start hundreds of processes: without bytecode files, each compiles all sources.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest.register_assert_rewrite("eventer.testing")

# `same` uses the same examples in every run, so that only a code change can make a test fail.
# LANGUAGE_PROGRAMS uses new examples, HYPOTHESIS_PROFILE=search new ones and twenty times as many.
# There is no deadline, because the first call of a kernel compiles it.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=20)
settings.register_profile("search", derandomize=False, deadline=None, max_examples=400)
# Hypothesis also uses constants of all loaded modules. They would differ between runs, because the
# order of tests decides what is loaded, and to find them takes 5 s of CPU time.
providers._get_local_constants = lambda: providers._local_constants
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# The compile process takes two seconds of CPU time to start: one of each worker is enough.
CompileClient.__init__.__kwdefaults__["idle_timeout_s"] = 60.0

pytest_plugins = [
    "tests.kafka_server.plugin",
    "tests.mysql_server.plugin",
    "tests.postgres_server.plugin",
    "tests.acceptance.services",
]


def pytest_xdist_setupnodes(config, specs):
    """Forks the workers from this process once it has imported the test modules."""
    if config.args == config.getini("testpaths"):
        prepare_in_background(config)
        warm_in_background(config)
    gc.disable()
    import_test_modules(config)
    prepare_hypothesis()
    gateway_io.create_io = ForkedWorkers(config, specs).create_io
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Lets only unit tests start before the kernels are compiled."""
    if _folder(item) != "unit":
        wait_for_kernels()


def pytest_keyboard_interrupt():
    """Ends the tests that run, with their services."""
    ForkedWorker.interrupt_all()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collects without searching for garbage: what is collected stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


_TESTS = Path(__file__).parent
_EXPENSIVE_FIXTURES = ("shared_service", "shared_environment")
"""Fixtures that each worker would start for itself, in seconds of CPU time."""


def pytest_collection_modifyitems(config, items):
    """Deals the test modules to the workers: half of the unit tests first, the others last.

    The first ones run while the kernels are compiled. Because the last ones are short, all workers
    end at the same time. Each worker begins with an equal part of the list, and
    all modules with the same expensive fixture go to one worker.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return
    shares = [[] for _ in range(worker["workercount"])]
    modules = [list(each) for _, each in groupby(items, lambda item: item.path)]
    units = [module for module in modules if _folder(module[0]) == "unit"]
    last = {id(module) for module in sorted(units, key=len)[1::2]}
    for module in sorted(modules, key=lambda each: _order(each, is_last=id(each) in last)):
        _share_of(module, shares).extend(module)
    items[:] = [item for share in shares for item in share]


def _share_of(module, shares):
    """The worker of the module's expensive fixture, or else the one with the fewest tests."""
    needed = {name for item in module for name in item.fixturenames}
    for number, name in enumerate(_EXPENSIVE_FIXTURES):
        if name in needed:
            return shares[number % len(shares)]
    return min(shares, key=len)


def _order(module, *, is_last):
    """The order of a module: unit tests by size, so that the shares become equal."""
    match _folder(module[0]):
        case "unit":
            return (3 if is_last else 0), -len(module)
        case "acceptance":
            return 1, 0
    return 2, 0


def _folder(item):
    """The folder in `tests` of an item."""
    return item.path.relative_to(_TESTS).parts[0]
