"""Starts the test workers as forks of the controller, which has imported all test modules.

A worker that pytest-xdist starts otherwise imports them itself, and the product with them.
"""

import atexit
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pytest
from execnet import gateway_io
from execnet.gateway_base import Popen2IO
from hypothesis import find, strategies


class ForkedWorkers:
    """Workers that wait for their controller to connect to them.

    They are forked together, because connecting starts threads in the controller.
    """

    def __init__(self, config, specs):
        self._create = gateway_io.create_io
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            self._workers = [ForkedWorker() for _ in specs]

    def create_io(self, spec, execmodel):
        """The next worker; a new process in place of one that crashed."""
        if self._workers:
            return self._workers.pop(0).connect(execmodel)
        return self._create(spec, execmodel)


class ForkedWorker:
    """A process that reads what it does from a pipe, as `python -c` of execnet does.

    It has a session of its own: Linux shares CPU time among sessions first (`sched_autogroup`), so
    that all workers together had the share of one busy program beside them.
    """

    _controller_ends: ClassVar[list[int]] = []
    """The ends of the pipes of all workers that the controller holds.

    A worker closes them, so that each worker sees the end of the controller.
    """

    _started: ClassVar[list["ForkedWorker"]] = []
    """All workers of this process."""

    def __init__(self):
        commands, self._commands = os.pipe()
        self._results, results = os.pipe()
        self._controller_ends += [self._commands, self._results]
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._work, args=(commands, results))
        self._process.start()
        self._started.append(self)
        os.close(commands)
        os.close(results)

    def _work(self, commands, results):
        os.setsid()
        self._started.clear()
        for end in self._controller_ends:
            os.close(end)
        os.dup2(commands, 0)
        os.dup2(results, 1)
        os.close(commands)
        os.close(results)
        sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
        try:
            exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
        finally:
            atexit._run_exitfuncs()

    @classmethod
    def interrupt_all(cls):
        """Interrupts the workers: the terminal interrupts only the session of this process."""
        for worker in cls._started:
            if worker._process.is_alive():
                os.kill(worker._process.pid, signal.SIGINT)

    def connect(self, execmodel):
        """The pipes of this process, as execnet uses them."""
        io = Popen2IO(os.fdopen(self._commands, "wb"), os.fdopen(self._results, "rb"), execmodel)
        io.wait, io.kill = self._process.join, self._process.kill
        return io


def import_test_modules(config):
    """Imports the test modules that will be collected; collection reports those that cannot be."""
    root = Path(config.rootpath)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in sorted({path for name in config.args for path in _test_modules(root / name)}):
            with suppress(Exception, pytest.skip.Exception):
                importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    gc.freeze()


def prepare_hypothesis():
    """Loads what Hypothesis computes once in a process: the table of characters."""
    find(strategies.tuples(strategies.integers(), strategies.text()), lambda _: True)


def _test_modules(path):
    return path.rglob("test_*.py") if path.is_dir() else []
