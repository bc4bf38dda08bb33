"""Log lines of the service and its worker processes, on standard error.

A log call names its event and that event's fields: `_log.info("…", extra=event("shard_connected",
shard=1))`. The names are stable; `docs/how-to/logs.md` lists them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias

LogFormat: TypeAlias = Literal["text", "json"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
LEVELS: Final[tuple[LogLevel, ...]] = ("debug", "info", "warning", "error")
FORMAT_VARIABLE: Final = "EVENTER_LOG_FORMAT"
LEVEL_VARIABLE: Final = "EVENTER_LOG_LEVEL"
CRASHED: Final = "process_crashed"
_NOISY: Final = ("httpcore", "httpx")
"""Libraries that log each request of a client."""
_FIELDS: Final = "eventer_fields"
_NAME: Final = "eventer_event"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The form of log lines, and the lowest level that is logged."""

    format: LogFormat = "text"
    level: LogLevel = "warning"

    def variables(self) -> dict[str, str]:
        """Environment variables that pass these settings to a child process."""
        return {FORMAT_VARIABLE: self.format, LEVEL_VARIABLE: self.level}

    @classmethod
    def from_variables(cls, environ: Mapping[str, str]) -> LogSettings:
        """The settings that `variables` passed on; unknown or missing ones are defaults."""
        format_: LogFormat = "json" if environ.get(FORMAT_VARIABLE) == "json" else "text"
        level: LogLevel = next(
            (each for each in LEVELS if each == environ.get(LEVEL_VARIABLE)), "warning"
        )
        return cls(format_, level)


class _Current:
    """The settings of this process, and the name of its role in log lines."""

    settings = LogSettings()
    process = "service"


def event(name: str, **fields: object) -> dict[str, object]:
    """The argument `extra` of a log call: the stable name of the event, and its fields."""
    return {_NAME: name, _FIELDS: fields}


def log_settings() -> LogSettings:
    """The settings of this process."""
    return _Current.settings


def name_process(role: str) -> None:
    """Sets the role of this process in its log lines."""
    _Current.process = role


def configure_logging(settings: LogSettings, process: str) -> None:
    """Logs to standard error: each record and each uncaught exception of this process."""
    _Current.settings = settings
    name_process(process)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    logging.basicConfig(level=settings.level.upper(), handlers=[handler])
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    sys.excepthook = _log_crash


def _log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    logging.getLogger("eventer").critical(
        "the process crashed: %s",
        kind.__name__,
        exc_info=(kind, error, trace),
        extra=event(CRASHED),
    )


class TextFormatter(logging.Formatter):
    """`2026-05-04T10:20:30.123Z INFO eventer.service.lifecycle: message`, in one line.

    Line breaks of a message, which may come from a template, are escaped. A traceback follows on
    lines of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{utc_text(record.created)} {record.levelname} {record.name}: {message}"
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"


class JsonFormatter(logging.Formatter):
    """An object in one line.

    Its keys are `time`, `level`, `event`, `message`, `logger`, `process`, `pid`, the fields of the
    event, and `traceback` if there is one. Records of other libraries have the event `log`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, Any] = {
            "time": utc_text(record.created),
            "level": record.levelname.lower(),
            "event": getattr(record, _NAME, "log"),
            "message": record.getMessage(),
            "logger": record.name,
            "process": _Current.process,
            "pid": os.getpid(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def utc_text(seconds: float) -> str:
    """Seconds since 1970 as `2026-05-04T10:20:30.123Z`."""
    instant = datetime.fromtimestamp(seconds, UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
