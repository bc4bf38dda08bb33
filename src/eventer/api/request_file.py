"""Add requests in files of the user: JSON or YAML, with `template_file` and `${VARIABLES}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from eventer.api.decode import decode
from eventer.core.errors import Fault, RequestError
from eventer.core.pointer import format_pointer
from eventer.service.yaml_text import yaml_value

TEMPLATE_FILE: Final = "template_file"
_TEMPLATE_FIELDS: Final = ("template", "schema")
_VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_request(data: bytes, what: str, folder: Path, environ: Mapping[str, str]) -> Any:
    """The request in a file, as the API takes it.

    `template_file` of an event names a file, relative to `folder`, whose text replaces it. In all
    other texts except templates, `${NAME}` is a variable of `environ`, and `$${NAME}` is `${NAME}`.
    The text is JSON if it begins with `{` or `[`, else YAML.

    Raises:
        RequestError: it is neither; a variable is not set; or a template cannot be read.
    """
    value = _value(data, what)
    faults: list[Fault] = []
    value = _expand(value, (), environ, faults)
    events = value.get("events") if isinstance(value, dict) else None
    if isinstance(events, list):
        faults += [fault for each in enumerate(events) for fault in _read_template(*each, folder)]
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
        case str() if not _is_template(path):
            return _VARIABLE.sub(variable, value)
        case dict():
            items = value.items()
            return {name: _expand(inner, (*path, name), environ, faults) for name, inner in items}
        case list():
            numbered = enumerate(value)
            return [_expand(inner, (*path, number), environ, faults) for number, inner in numbered]
    return value


def _is_template(path: tuple[str | int, ...]) -> bool:
    return len(path) == 3 and path[0] == "events" and path[2] in _TEMPLATE_FIELDS


def _read_template(number: int, event: Any, folder: Path) -> Iterator[Fault]:
    """Replaces `template_file` of an event by `template`; yields a fault if that fails."""
    if not isinstance(event, dict) or TEMPLATE_FILE not in event:
        return
    pointer = format_pointer(("events", number, TEMPLATE_FILE))
    name = event.pop(TEMPLATE_FILE)
    given = [field for field in _TEMPLATE_FIELDS if event.get(field) is not None]
    if given:
        yield Fault(pointer, f"cannot be combined with `{given[0]}`")
        return
    if not isinstance(name, str):
        yield Fault(pointer, "must be text")
        return
    try:
        event["template"] = (folder / name).read_text("utf-8-sig")
    except OSError as error:
        yield Fault(pointer, f"cannot read {folder / name}: {error.strerror}")
    except UnicodeDecodeError as error:
        yield Fault(pointer, f"{folder / name} is not UTF-8 (byte {error.start})")
