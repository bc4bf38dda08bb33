"""Every error that Eventer raises on purpose, as one tree.

    EventerError
    ├── TemplateError            the template is at fault; it has a place
    │   ├── TemplateSyntaxError  the text is no Jsonnet
    │   ├── TemplateStaticError  well-formed, but refused before evaluation
    │   ├── EvaluationError      raised while evaluating (`error`, wrong types, missing fields)
    │   └── BudgetError          took more steps, depth, bytes or time than allowed
    ├── RequestError             the request is at fault; a JSON pointer a fault
    ├── NotFoundError            names what does not exist
    ├── ConfigError              settings are at fault
    ├── DestinationError         what a broker or a database said
    │   ├── DestinationUnavailableError   transient: not reachable, or cannot answer now
    │   │   └── TargetUnavailableError    transient: one topic or table cannot be used now
    │   ├── UnknownOutcomeError           transient: it may or may not have committed
    │   ├── DestinationRejectedError      terminal for the generator it names
    │   ├── PositionLostError             terminal: the destination is behind the registry
    │   └── FencedError                   terminal for this owner: another one took over
    ├── RegistryError            the durable store cannot be read or written
    ├── BusyError                transient: too much is asked at once
    └── WorkerLostError          transient: the process that was asked died or overran its time

`transient` says whether the same call may succeed later without anyone changing anything.
Every error is picklable: it crosses process boundaries as it is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from eventer.core.model import PositionKey
from eventer.core.source import Place, Span

MAX_MESSAGE_LENGTH: Final = 4_000
"""Characters of a template's error that are stored, shown and sent."""


@dataclass(frozen=True, slots=True)
class TraceFrame:
    """One step of the way to a template error, innermost first: what was evaluated, and where."""

    what: str
    place: Place


class EventerError(Exception):
    """Root of the tree. `message` is a sentence without a full stop; `hint` says what to do."""

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
    """A template is at fault. `place` is where; `trace` is how evaluation came there.

    A template may say as much as it likes (`error` with a text of its own); its beginning is kept.
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
        """Gives this error a place if it has none yet; returns itself."""
        if self.place is None:
            self.place = place.place() if isinstance(place, Span) else place
        return self


def _truncated(message: str) -> str:
    more = len(message) - MAX_MESSAGE_LENGTH
    return message if more <= 0 else f"{message[:MAX_MESSAGE_LENGTH]}… ({more:,} characters more)"


class TemplateSyntaxError(TemplateError):
    """The text is no Jsonnet."""


class TemplateStaticError(TemplateError):
    """Well-formed, but refused before evaluation: an unknown variable, a duplicate field."""


class EvaluationError(TemplateError):
    """Raised while evaluating. `index` is the event's, where one was being made."""

    index: int | None = None


class BudgetError(TemplateError):
    """Took more steps, depth, bytes or time than allowed."""

    index: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: a JSON pointer into it, what, and what to do."""

    pointer: str
    message: str
    hint: str | None = None
    place: Place | None = None


class RequestError(EventerError):
    """A request cannot be carried out as it stands; nothing of it was."""

    def __init__(self, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class NotFoundError(EventerError):
    """What was named does not exist."""


class ConfigError(EventerError):
    """A setting is missing or wrong. `key` is its dotted name."""

    def __init__(self, message: str, *, key: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key = key


class DestinationError(EventerError):
    """What a broker or a database said, chained to the client's own error."""


class DestinationUnavailableError(DestinationError):
    """Not reachable, or not able to answer now. Nothing was committed.

    `suspects` are the generators to blame, where others were delivered with them and are not.
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
    """One generator's topic or table cannot be used now; the connection can."""


class UnknownOutcomeError(DestinationError):
    """It may or may not have committed: throw the connection away and read the position."""

    transient = True


class DestinationRejectedError(DestinationError):
    """The destination refuses this generator's events or target; only a change mends it.

    `index` is the first event it refuses, where one is to blame.
    """

    def __init__(self, message: str, *, hint: str | None = None, index: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.index = index


class PositionLostError(DestinationError):
    """The destination's position is behind what the registry has seen committed."""


class FencedError(DestinationError):
    """Another owner took this shard over; this one must stop."""


class RegistryError(EventerError):
    """The durable store cannot be read or written."""


class BusyError(EventerError):
    """Too much is asked at once; nothing of this was done."""

    transient = True


class WorkerLostError(EventerError):
    """The process that was asked died or overran its time."""

    transient = True
