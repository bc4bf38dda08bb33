"""The tree of all errors that Eventer raises.

    EventerError
    ├── TemplateError            an error in the template, with its place
    │   ├── TemplateSyntaxError  the text is not valid Jsonnet
    │   ├── TemplateStaticError  well-formed, but rejected before evaluation
    │   ├── EvaluationError      raised while evaluating (`error`, wrong types, missing fields)
    │   └── BudgetError          exceeded a limit of steps, depth, bytes or time
    ├── RequestError             an error in the request; a JSON pointer per fault
    ├── NotFoundError            the named object does not exist
    ├── ConflictError            what is asked is not possible while other objects exist
    ├── ConfigError              an error in the settings
    ├── DestinationError         an error of a broker or a database
    │   ├── DestinationUnavailableError   transient: unreachable or not responding
    │   │   └── TargetUnavailableError    transient: one topic or table is unusable
    │   ├── UnknownOutcomeError           transient: the commit may have succeeded
    │   ├── DestinationRejectedError      terminal for one generator
    │   ├── PositionLostError             terminal: the destination is behind the registry
    │   └── FencedError                   terminal for this owner: another owner took over
    ├── RegistryError            the registry cannot be read or written
    │   └── RestartRequiredError a service on a shared registry must start again
    ├── BusyError                transient: too many requests
    ├── ServiceUnreachableError  transient: no service answers at the URL
    ├── ServiceProblemError      the service answered with a problem of its own
    └── WorkerLostError          transient: the worker process crashed or exceeded its time

`transient` means that the same call may succeed later without a change by the user.
Every error is picklable, since errors cross process boundaries.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from eventer.core.model import PositionKey
from eventer.core.source import Place, Span

MAX_MESSAGE_LENGTH: Final = 4_000
"""Characters of a template's error message that are kept."""


@dataclass(frozen=True, slots=True)
class TraceFrame:
    """A frame of a template error's trace: the evaluated construct and its place."""

    what: str
    place: Place


class EventerError(Exception):
    """Root of the tree. `message` is a sentence without a period; `hint` is the fix."""

    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    kind: type[EventerError], args: tuple[object, ...], state: dict[str, object]
) -> EventerError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class TemplateError(EventerError):
    """An error in a template. `place` is its location; `trace` the frames, innermost first.

    Messages are truncated, because a template's own `error` text can be long.
    """

    def __init__(
        self,
        message: str,
        place: Span | Place | None = None,
        *,
        hint: str | None = None,
        trace: tuple[TraceFrame, ...] = (),
    ) -> None:
        super().__init__(_truncated(message), hint=hint)
        self.place = place.place() if isinstance(place, Span) else place
        self.trace = trace

    def at(self, place: Span | Place) -> Self:
        """Sets the place if there is none yet; returns this error."""
        if self.place is None:
            self.place = place.place() if isinstance(place, Span) else place
        return self


def _truncated(message: str) -> str:
    more = len(message) - MAX_MESSAGE_LENGTH
    return message if more <= 0 else f"{message[:MAX_MESSAGE_LENGTH]}… ({more:,} more characters)"


class TemplateSyntaxError(TemplateError):
    """The text is not valid Jsonnet."""


class TemplateStaticError(TemplateError):
    """Well-formed, but rejected before evaluation: an unknown variable, a duplicate field."""


class EvaluationError(TemplateError):
    """Raised while evaluating. `index` is the index of the event, if any.

    It is `recursive` if a value depends on itself.
    """

    index: int | None = None
    recursive: bool = False


class BudgetError(TemplateError):
    """Exceeded a limit of steps, depth, bytes or time."""

    index: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a request: JSON pointer, message and hint."""

    pointer: str
    message: str
    hint: str | None = None
    place: Place | None = None


class RequestError(EventerError):
    """A request is invalid; nothing was changed."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults

    @classmethod
    def of(cls, faults: tuple[Fault, ...]) -> Self:
        """The error for faults, at least one; its message has the first."""
        first = f"{faults[0].pointer or 'the body'}: {faults[0].message}"
        many = f"{len(faults)} mistakes, the first at {first}"
        return cls(first if len(faults) == 1 else many, faults)


class NotFoundError(EventerError):
    """The named object does not exist."""


class ConflictError(EventerError):
    """The request is not possible while other objects exist; nothing was changed."""


class ConfigError(EventerError):
    """A setting is missing or wrong. `key` is its dotted name."""

    def __init__(self, message: str, *, key: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key = key


class DestinationError(EventerError):
    """An error of a broker or a database, chained to the client's error."""


class DestinationUnavailableError(DestinationError):
    """Unreachable or not responding. Nothing was committed.

    `suspects` are the generators that caused the failure, if known.
    """

    transient = True

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        suspects: Collection[PositionKey] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.suspects = frozenset(suspects)


class TargetUnavailableError(DestinationUnavailableError):
    """The topic or table of one generator is unusable; the connection is not."""


class UnknownOutcomeError(DestinationError):
    """The commit may have succeeded: discard the connection and read the position."""

    transient = True


class DestinationRejectedError(DestinationError):
    """The destination rejects this generator's events or target until a user changes something.

    `index` is the first rejected event, if an event is the cause.
    """

    def __init__(self, message: str, *, hint: str | None = None, index: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.index = index


class PositionLostError(DestinationError):
    """The destination's position is behind the committed position in the registry."""


class FencedError(DestinationError):
    """Another owner took over this shard; this one must stop."""


class RegistryError(EventerError):
    """The registry cannot be read or written."""


class RestartRequiredError(RegistryError):
    """The service cannot go on: another one leads, or it is not known what the registry stored."""


class BusyError(EventerError):
    """Too many requests at once; nothing was done."""

    transient = True


class ServiceUnreachableError(EventerError):
    """The service at the configured URL does not answer."""

    transient = True


class ServiceProblemError(EventerError):
    """The service answered with a problem that the request did not cause."""


class WorkerLostError(EventerError):
    """The process that was asked died or overran its time."""

    transient = True
