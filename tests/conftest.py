"""Servers that tests share, each a plugin of its own; a test takes one by naming its fixture."""

import os

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
