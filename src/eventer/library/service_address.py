"""What both clients read from files and settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventer.api.request_file import read_request
from eventer.client.transport import Address
from eventer.core.errors import RequestError
from eventer.settings import load_settings


def service_address(url: str | None, token: str | None) -> Address:
    """The address of a service; arguments that are None come from the settings.

    Raises:
        ConfigError: a setting is unknown or invalid.
    """
    settings = load_settings({"url": url}).settings
    return Address(settings.service_url, token or settings.client_token)


def add_request(request: Mapping[str, Any] | str | Path) -> Mapping[str, Any]:
    """An add request, or the one in a file.

    Raises:
        RequestError: the file cannot be read, or its request is not valid.
    """
    if isinstance(request, Mapping):
        return request
    file = Path(request)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RequestError(f"cannot read {file}: {error.strerror}") from error
    value = read_request(data, str(file), file.parent, os.environ)
    if not isinstance(value, Mapping):
        raise RequestError(f"{file} must contain an object")
    return value
