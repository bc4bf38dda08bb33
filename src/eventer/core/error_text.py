"""Errors as text for people: message, source line with a caret, and hint."""

from __future__ import annotations

from eventer.core.errors import EventerError, Fault, RequestError, TemplateError
from eventer.core.source import Place

_TRACE_SHOWN = 8


def format_error(error: EventerError) -> str:
    """The error as several lines, without a final newline and without color."""
    lines = [f"error: {_headline(error)}"]
    if isinstance(error, TemplateError) and error.place is not None:
        lines += format_place(error.place, error.hint)
        lines += [
            f"  in {frame.what} at {frame.place.name}:{frame.place.line}:{frame.place.column}"
            for frame in error.trace[:_TRACE_SHOWN]
        ]
    elif error.hint:
        lines.append(f"  hint: {error.hint}")
    if isinstance(error, RequestError):
        for fault in error.faults:
            lines += _format_fault(fault)[1 if _is_shown(error, fault) else 0 :]
    return "\n".join(lines)


def _headline(error: EventerError) -> str:
    """The message without the first of several faults, which is listed below."""
    message = error.message
    if isinstance(error, RequestError) and len(error.faults) > 1:
        first = error.faults[0]
        message = message.removesuffix(
            f", the first at {first.pointer or 'the body'}: {first.message}"
        )
    return message


def _is_shown(error: RequestError, fault: Fault) -> bool:
    """Whether the message of the error is already that of its only fault."""
    return error.message == f"{fault.pointer or 'the body'}: {fault.message}"


def format_place(place: Place, hint: str | None = None) -> list[str]:
    """Lines that show a place: name, source line, caret and hint."""
    where = f"  --> {place.name}:{place.line}:{place.column}"
    if place.column > len(place.source_line) + 1:
        return [where, f"  hint: {hint}"] if hint else [where]
    number = str(place.line)
    until = place.end_column if place.end_line == place.line else len(place.source_line) + 1
    carets = "^" * max(1, until - place.column)
    indent = "".join("\t" if c == "\t" else " " for c in place.source_line[: place.column - 1])
    return [
        where,
        f"{number} | {place.source_line}",
        f"{' ' * len(number)} | {indent}{carets}" + (f" {hint}" if hint else ""),
    ]


def _format_fault(fault: Fault) -> list[str]:
    lines = [f"  {fault.pointer or '/'}: {fault.message}"]
    if fault.place is not None:
        lines += ["  " + line for line in format_place(fault.place, fault.hint)]
    elif fault.hint:
        lines.append(f"    hint: {fault.hint}")
    return lines
