"""Checks parts of a pace: time zones and cron expressions."""

from __future__ import annotations

from eventer.runs.pace.firings import parse_cron
from eventer.runs.pace.zones import load_zone


def check_timezone(name: str) -> str:
    """The name of a time zone.

    Raises:
        RequestError: it is unknown.
    """
    load_zone(name)
    return name


def check_cron(expression: str) -> str:
    """A cron expression with single spaces.

    Raises:
        RequestError: it is not one, or never fires.
    """
    parse_cron(expression)
    return " ".join(expression.split())
