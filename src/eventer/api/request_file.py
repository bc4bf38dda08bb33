"""Add requests in files of the user: JSON or YAML, with other files and `${VARIABLES}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from eventer.api.decode import decode
from eventer.core.errors import Fault, RequestError
from eventer.core.pointer import format_pointer
from eventer.service.yaml_text import yaml_value

TEMPLATE_FILE: Final = "template_file"
SCHEMA_FILES: Final = {"schema_file": "schema", "key_schema_file": "key_schema"}
"""The options of a topic that name a file, and those that have its text."""
_TEMPLATE_FIELDS: Final = ("template", "schema")
_TEXT_DEPTH: Final = 5
_VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_request(data: bytes, what: str, folder: Path, environ: Mapping[str, str]) -> Any:
    """The request in a file, as the API takes it.

    `template_file` of an event, and `schema_file` and `key_schema_file` of a topic, name files,
    relative to `folder`, whose texts replace them. In all other texts except templates and schemas,
    `${NAME}` is a variable of `environ`, and `$${NAME}` is `${NAME}`.
    The text is JSON if it begins with `{` or `[`, else YAML.

    Raises:
        RequestError: it is neither; a variable is not set; or a file cannot be read.
    """
    value = _value(data, what)
    faults: list[Fault] = []
    value = _expand(value, (), environ, faults)
    for number, event in _objects(value, "events"):
        faults += _read_template(number, event, folder)
    for number, destination in _objects(value, "destinations"):
        faults += _read_schemas(number, destination, folder)
    if faults:
        raise RequestError.of(tuple(faults))
    return value


def _value(data: bytes, what: str) -> Any:
    if data.lstrip()[:1] in (b"{", b"["):
        return decode(data, what)
    try:
        return yaml_value(data.decode("utf-8-sig"), what)
    except UnicodeDecodeError as error:
        raise RequestError(f"{what} is not UTF-8 (byte {error.start})") from error


def _expand(
    value: Any, path: tuple[str | int, ...], environ: Mapping[str, str], faults: list[Fault]
) -> Any:
    """The value with its variables; adds a fault for each variable that is not set."""

    def variable(match: re.Match[str]) -> str:
        escaped, name = match.groups()
        if escaped:
            return match[0][1:]
        if name not in environ:
            hint = f"set it, or write $${{{name}}} for the text ${{{name}}}"
            faults.append(
                Fault(format_pointer(path), f"the environment variable {name} is not set", hint)
            )
        return environ.get(name, "")

    match value:
        case str() if not _is_verbatim(path):
            return _VARIABLE.sub(variable, value)
        case dict():
            items = value.items()
            return {name: _expand(inner, (*path, name), environ, faults) for name, inner in items}
        case list():
            numbered = enumerate(value)
            return [_expand(inner, (*path, number), environ, faults) for number, inner in numbered]
    return value


def _is_verbatim(path: tuple[str | int, ...]) -> bool:
    """Whether a text is that of a template or of a schema."""
    if len(path) == _TEXT_DEPTH and path[0] == "destinations":
        return path[3] in SCHEMA_FILES.values() and path[4] == "text"
    return len(path) == 3 and path[0] == "events" and path[2] in _TEMPLATE_FIELDS


def _objects(request: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array of the request, with their numbers."""
    found = request.get(name) if isinstance(request, dict) else None
    for number, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, dict):
            yield number, each


def _read_template(number: int, event: dict[str, Any], folder: Path) -> Iterator[Fault]:
    """Replaces `template_file` of an event by `template`; yields a fault if that fails."""
    if TEMPLATE_FILE in event:
        pointer = format_pointer(("events", number, TEMPLATE_FILE))
        name = event.pop(TEMPLATE_FILE)
        given = [field for field in _TEMPLATE_FIELDS if event.get(field) is not None]
        found = _combined(pointer, given) or _file_text(name, folder, pointer)
        if isinstance(found, Fault):
            yield found
        else:
            event["template"] = found


def _read_schemas(number: int, destination: dict[str, Any], folder: Path) -> Iterator[Fault]:
    """Replaces files of schemas of a topic by their texts; yields faults where that fails."""
    options = destination.get("kafka")
    if not isinstance(options, dict):
        return
    for file, field in SCHEMA_FILES.items():
        if file in options:
            pointer = format_pointer(("destinations", number, "kafka", file))
            name = options.pop(file)
            given = [field] if options.get(field) is not None else []
            found = _combined(pointer, given) or _file_text(name, folder, pointer)
            if isinstance(found, Fault):
                yield found
            else:
                options[field] = {"text": found}


def _combined(pointer: str, given: Sequence[str]) -> Fault | None:
    """The fault of a file whose text is there already."""
    return Fault(pointer, f"cannot be combined with `{given[0]}`") if given else None


def _file_text(name: Any, folder: Path, pointer: str) -> str | Fault:
    if not isinstance(name, str):
        return Fault(pointer, "must be text")
    try:
        return (folder / name).read_text("utf-8-sig")
    except OSError as error:
        return Fault(pointer, f"cannot read {folder / name}: {error.strerror}")
    except UnicodeDecodeError as error:
        return Fault(pointer, f"{folder / name} is not UTF-8 (byte {error.start})")
