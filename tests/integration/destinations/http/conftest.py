"""What the tests of HTTP endpoints share."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_power_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on what survives a power failure."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _: None)
