"""The resolved settings with secrets masked, and the origin of each value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from eventer.core.errors import ConfigError
from eventer.destinations.postgres.dsn import parse_dsn
from eventer.settings.loader import LoadedSettings
from eventer.settings.sources import KeyPath

MASK = "********"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting without secrets: its value as text, None if unset."""

    name: str
    value: str | None
    origin: str


def shown_settings(loaded: LoadedSettings) -> tuple[ShownSetting, ...]:
    """Every setting in the order of the reference page, secrets masked."""
    return tuple(
        ShownSetting(".".join(key), _text(value), loaded.origins.get(key, "default"))
        for key, value in _values(loaded.settings)
    )


def _values(model: BaseModel, above: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _values(value, (*above, name))
        elif isinstance(value, dict):
            for below, inner in value.items():
                yield from _values(inner, (*above, name, below))
        else:
            yield (*above, name), value


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case SecretStr():
            return mask(value.get_secret_value())
        case tuple():
            return ", ".join(str(part) for part in value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def mask(secret: str) -> str:
    """A masked secret: a DSN without password and parameters, or only `MASK`."""
    try:
        dsn = parse_dsn(secret)
    except ConfigError:
        return MASK
    if not dsn.hosts:
        return MASK
    user, _, password = dsn.login.partition(":")
    login = f"{user}{':' + MASK if password else ''}@" if user else ""
    database = f"/{dsn.database}" if dsn.database else ""
    return f"postgresql://{login}{dsn.hosts}{database}" + (f"?{MASK}" if dsn.parameters else "")
