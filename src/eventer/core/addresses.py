"""Checks the addresses in settings, so that a wrong one is reported at the start."""

from __future__ import annotations

import re
from typing import Final, NoReturn
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

_BROKER: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_LOGIN: Final = re.compile(r"^(\w*:?//)?.*@", re.DOTALL)
_MAX_PORT: Final = 65535


def check_brokers(value: str) -> str:
    """Comma-separated brokers, each `host:port`."""
    brokers = [broker for part in value.split(",") if (broker := part.strip())]
    if not brokers:
        _fail(f"{value!r} names no broker: write host:port, such as localhost:9092")
    for broker in brokers:
        _check_broker(broker)
    return value


def _check_broker(broker: str) -> None:
    if "@" in broker:
        shown = without_login(broker)
        _fail(f"{shown!r} has a login: write host:port, and set sasl_username and sasl_password")
    if "://" in broker:
        _fail(f"{broker!r} has a protocol: write host:port, and set security_protocol")
    match = _BROKER.fullmatch(broker)
    if match is None or not 0 < int(match[1]) <= _MAX_PORT:
        _fail(f"{broker!r} is not a broker: write host:port, such as localhost:9092")


def check_url(value: str) -> str:
    """The URL of a service; without a scheme it is `http`."""
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", url.strip()):
        _fail(
            f"{without_login(value)!r} is not the URL of a service: write it like http://127.0.0.1:9099"
        )
    return url


def check_registry_url(value: str) -> str:
    """The URL of a schema registry, without a login: messages show it."""
    url = check_url(value)
    if _has_login(url):
        _fail("the URL has a login: set schema_registry_username and schema_registry_password")
    return url


def check_endpoint_url(value: str) -> str:
    """The URL of HTTP endpoints, without a login, a query or a fragment."""
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment:
        shown = without_login(value).partition("?")[0]
        _fail(f"{shown!r} is not a URL without a query: write it like https://example.org/events")
    if _has_login(value):
        _fail("the URL has a login: set `headers` to `Authorization: …`")
    return value


def without_login(url: str) -> str:
    """An address for messages: without user and password, even if these are not percent-encoded."""
    return _LOGIN.sub(r"\1", url)


def _has_login(url: str) -> bool:
    return "@" in urlsplit(url).netloc


def _fail(text: str) -> NoReturn:
    raise PydanticCustomError("address", "{text}", {"text": text})
