"""Loads the plugins with the fixtures for servers and services; sets the hypothesis profile."""

import os
import sys

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
