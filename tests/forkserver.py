"""A fork server for tests that kill processes: new processes have all imports and start fast."""

import multiprocessing
from multiprocessing.context import ForkServerContext

_PRELOADED = ["tests.integration.kafka.delivering_process", "tests.integration.postgres.client"]


def forkserver() -> ForkServerContext:
    """The multiprocessing context with the modules of these tests preloaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context
