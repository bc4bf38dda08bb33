"""The name under which Eventer is installed. On the public index, `eventer` is another package."""

from __future__ import annotations

from typing import Final

DISTRIBUTION: Final = "eventer-streams"


def install_command(extra: str) -> str:
    """The command that installs Eventer with an extra."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"
