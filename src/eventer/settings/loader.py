"""Loads settings from all layers; errors name the origin of the invalid value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError

from eventer.core.errors import ConfigError
from eventer.core.suggestions import closest_name, did_you_mean
from eventer.core.validation_text import validation_message
from eventer.destinations.postgres.dsn import parse_dsn
from eventer.settings.model import (
    CONNECTION_NAME,
    CONNECTION_TYPES,
    PostgresConnection,
    Settings,
)
from eventer.settings.sources import (
    PREFIX,
    KeyPath,
    Layer,
    Leaf,
    environment_layer,
    flag_layer,
    merge,
    nest,
    read_secret_files,
    toml_layer,
)

CONFIG_FILE_NAME = "eventer.toml"
CONFIG_VARIABLE = "EVENTER_CONFIG"
# Not settings: the configuration file, the PostgreSQL binaries of `eventer dev`, and the folder of
# compiled kernels, which the library uses too.
_NOT_SETTINGS = frozenset({("config",), ("pg_bin",), ("cache_dir",)})
_KINDS = " or ".join(f'"{kind}"' for kind in CONNECTION_TYPES)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, the origin of each value that is not a default, and warnings."""

    settings: Settings
    origins: Mapping[KeyPath, str]
    warnings: tuple[str, ...] = ()


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> LoadedSettings:
    """Loads all layers. `flags` are by dotted name; None is not given.

    The file is `config`, or else `EVENTER_CONFIG`; it must exist. Without both it is
    `eventer.toml` in the current directory, if it exists.

    Raises:
        ConfigError: a setting is unknown or invalid; names the setting and its origin.
    """
    environ = os.environ if environ is None else environ
    secrets = frozenset(secret_keys(Settings))
    from_environ, warnings = _known_settings_only(environment_layer(environ))
    layers = (flag_layer(flags or {}), from_environ, _file_layer(config, environ))
    merged = merge(*(read_secret_files(layer, secrets) for layer in layers))
    return LoadedSettings(
        _validate(merged), {key: leaf.origin for key, leaf in merged.items()}, tuple(warnings)
    )


def _file_layer(config: Path | None, environ: Mapping[str, str]) -> Layer:
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return toml_layer(named)
    return toml_layer(Path(CONFIG_FILE_NAME)) if Path(CONFIG_FILE_NAME).is_file() else {}


def _known_settings_only(layer: Layer) -> tuple[Layer, list[str]]:
    """Drops unrelated variables with the prefix; keeps misspelt settings, which are errors."""
    known: dict[KeyPath, Leaf] = {}
    warnings = []
    for key, leaf in layer.items():
        if key in _NOT_SETTINGS:
            continue
        top = key[0].removesuffix("_file")
        if top in Settings.model_fields or closest_name(top, Settings.model_fields):
            known[key] = leaf
        else:
            warnings.append(f"{leaf.origin} is not a setting and has no effect")
    return known, warnings


def _validate(merged: Layer) -> Settings:
    for key, leaf in merged.items():
        if key[0] == "connections" and len(key) > 1:
            _check_name(key[1], leaf)
    try:
        settings = Settings.model_validate(nest(merged))
    except ValidationError as error:
        raise _config_error(error, merged) from None
    _check_dsn(("registry",), settings.registry, merged)
    _check_connection(("postgres",), settings.postgres, merged)
    for name, connection in settings.connections.items():
        _check_connection(("connections", name), connection, merged)
    return settings


def _check_connection(key: KeyPath, connection: BaseModel, merged: Layer) -> None:
    if isinstance(connection, PostgresConnection):
        _check_dsn((*key, "dsn"), connection.dsn, merged)


def _check_dsn(key: KeyPath, dsn: SecretStr | None, merged: Layer) -> None:
    if dsn is None:
        return
    try:
        parse_dsn(dsn.get_secret_value())
    except ConfigError as error:
        dotted, origin = ".".join(key), _origin_of(key, merged)
        message = f"{origin}: {dotted}: {error.message}"
        raise ConfigError(message, key=dotted, hint=error.hint) from None


def _check_name(name: str, leaf: Leaf) -> None:
    if name in CONNECTION_TYPES:
        raise ConfigError(
            f"{leaf.origin}: connection {name!r} has its own table",
            key=f"connections.{name}",
            hint=f"write [{name}] instead of [connections.{name}]",
        )
    if not CONNECTION_NAME.fullmatch(name):
        raise ConfigError(
            f"{leaf.origin}: {name!r} is not a valid connection name",
            key=f"connections.{name}",
            hint="use lower-case letters, digits, '_' and '-', starting with a letter",
        )


def _config_error(error: ValidationError, merged: Layer) -> ConfigError:
    faults = [_fault(dict(detail), merged) for detail in error.errors(include_url=False)]
    message, key, hint = faults[0]
    rest = [f"{text} ({advice})" if advice else text for text, _, advice in faults[1:]]
    return ConfigError("\n".join([message, *rest]), key=key, hint=hint)


def _fault(detail: Mapping[str, Any], merged: Layer) -> tuple[str, str, str | None]:
    key = _key_of(detail["loc"])
    dotted = ".".join(key)
    origin = _origin_of(key, merged)
    if detail["type"] == "extra_forbidden":
        known = set(names_at(key[:-1], merged)) - {key[-1]}
        return f"{origin}: there is no setting {dotted!r}", dotted, did_you_mean(key[-1], known)
    if detail["type"] in {"missing", "union_tag_not_found"}:
        missing = dotted if detail["type"] == "missing" else f"{dotted}.type"
        return f"{origin}: {missing!r} is missing", missing, f"set type = {_KINDS}"
    return f"{origin}: {dotted}: {validation_message(detail)}", dotted, None


def _key_of(loc: object) -> KeyPath:
    """The setting's path, without the tag that pydantic adds after a connection's name."""
    parts = tuple(str(part) for part in loc if not isinstance(part, int))  # type: ignore[attr-defined]
    if parts[0] == "connections" and len(parts) > 3 and parts[2] in CONNECTION_TYPES:
        return (*parts[:2], *parts[3:])
    return parts


def _origin_of(key: KeyPath, merged: Layer) -> str:
    for known, leaf in merged.items():
        if known[: len(key)] == key:
            return leaf.origin
    return PREFIX + "__".join(key).upper()


def names_at(table: KeyPath, merged: Layer) -> Iterator[str]:
    """The setting names of a table."""
    model: type[BaseModel] = Settings
    if table[:1] == ("connections",):
        kind = merged.get((*table, "type"))
        model = CONNECTION_TYPES.get(str(kind.value) if kind else "", CONNECTION_TYPES["kafka"])
    elif table:
        annotation = Settings.model_fields[table[0]].annotation
        assert isinstance(annotation, type)
        model = annotation
    yield from model.model_fields


def secret_keys(model: type[BaseModel], above: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of the secret settings; `*` stands for a connection's name."""
    for name, info in model.model_fields.items():
        if SecretStr in (info.annotation, *get_args(info.annotation)):
            yield (*above, name)
        elif isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from secret_keys(info.annotation, (*above, name))
        elif (*above, name) == ("connections",):
            for kind in CONNECTION_TYPES.values():
                yield from secret_keys(kind, ("connections", "*"))
