"""Processes for tests that kill them: they begin at once, with everything imported."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = ["tests.integration.kafka.delivering_process", "tests.integration.postgres.client"]


def forkserver() -> ForkServerContext:
    """Makes processes that run a function of a test's module."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
