"""The layers of settings: each maps the path of a setting to its value and origin."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from eventer.core.errors import ConfigError
from eventer.settings.toml_errors import toml_problem

PREFIX = "EVENTER_"
DELIMITER = "__"
FILE_SUFFIX = "_file"

KeyPath: TypeAlias = tuple[str, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=")
_OPTION_OF: Mapping[str, str] = {"file.root": "--file", "http.url": "--http"}
"""Options that have not the name of their setting."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value, and its origin as text: a flag, a variable, or a file and line."""

    value: object
    origin: str


Layer: TypeAlias = Mapping[KeyPath, Leaf]


def flag_layer(flags: Mapping[str, object]) -> Layer:
    """Command line options by dotted setting name; None is not given."""
    return {
        tuple(name.split(".")): Leaf(value, _OPTION_OF.get(name) or _option_named(name))
        for name, value in flags.items()
        if value is not None
    }


def _option_named(setting: str) -> str:
    return f"--{setting.rpartition('.')[2].replace('_', '-')}"


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """The `EVENTER_*` variables, `__` between the parts of a name; empty means unset."""
    return {
        tuple(name[len(PREFIX) :].lower().split(DELIMITER)): Leaf(value, name)
        for name, value in environ.items()
        if name.startswith(PREFIX) and value and not _is_service_link(value)
    }


def _is_service_link(value: str) -> bool:
    """Kubernetes sets EVENTER_PORT=tcp://… in pods beside a service named `eventer`."""
    return value.startswith(("tcp://", "udp://"))


def toml_layer(path: Path) -> Layer:
    """The values of a TOML file with their lines.

    Raises:
        ConfigError: the file cannot be read or is not valid TOML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {_read_failure(error)}") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, problem = toml_problem(error, text)
        raise ConfigError(f"{path}:{line}: {problem}") from None
    lines = key_lines(text)
    return {key: Leaf(value, _origin(path, lines, key)) for key, value in _leaves(document)}


def _origin(path: Path, lines: Mapping[KeyPath, int], key: KeyPath) -> str:
    for end in range(len(key), 0, -1):
        if key[:end] in lines:
            return f"{path}:{lines[key[:end]]}"
    return str(path)


def _leaves(table: Mapping[str, object], above: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, name))
        else:
            yield (*above, name), value


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line of each key and table of a TOML text.

    The standard parser keeps no lines; this matches headers and assignments line by line, and may
    match lines of multi-line strings too.
    """
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header.group(1))
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            lines.setdefault((*table, *_parts(assignment.group(1))), number)
    return lines


def _parts(dotted: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))


def read_secret_files(layer: Layer, secrets: Collection[KeyPath]) -> Layer:
    """Replaces `token_file` by `token` with the file's content, and the same for every secret.

    Raises:
        ConfigError: the file cannot be read, or the layer has the secret too.
    """
    read: dict[KeyPath, Leaf] = {}
    for key, leaf in layer.items():
        plain = (*key[:-1], key[-1].removesuffix(FILE_SUFFIX))
        if plain == key or not _is_secret(plain, secrets):
            read[key] = leaf
        elif plain in layer:
            raise ConfigError(f"{leaf.origin} and {layer[plain].origin} are both set: remove one")
        else:
            read[plain] = Leaf(_secret_text(leaf), leaf.origin)
    return read


def _is_secret(key: KeyPath, secrets: Collection[KeyPath]) -> bool:
    if key[0] == "connections" and len(key) > 1:
        key = ("connections", "*", *key[2:])
    return key in secrets


def _secret_text(leaf: Leaf) -> str:
    try:
        return Path(str(leaf.value)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = _read_failure(error)
        raise ConfigError(f"cannot read the file in {leaf.origin}: {reason}") from error


def _read_failure(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return error.strerror or "the system reports an error"


def merge(*layers: Layer) -> dict[KeyPath, Leaf]:
    """Merges layers; the first layer that has a key wins."""
    merged: dict[KeyPath, Leaf] = {}
    for layer in reversed(layers):
        merged.update(layer)
    return merged


def nest(layer: Layer) -> dict[str, object]:
    """The leaves as nested tables.

    Raises:
        ConfigError: a name is both a value and a table.
    """
    root: dict[str, object] = {}
    for key, leaf in layer.items():
        table = root
        for part in key[:-1]:
            below = table.setdefault(part, {})
            if not isinstance(below, dict):
                raise ConfigError(f"{leaf.origin}: {part!r} is a single value, not a table")
            table = below
        if isinstance(table.get(key[-1]), dict):
            raise ConfigError(f"{leaf.origin}: {key[-1]!r} is a table, not a single value")
        table[key[-1]] = leaf.value
    return root
