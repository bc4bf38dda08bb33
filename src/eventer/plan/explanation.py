"""The explanation of a template as data: what processes exchange and what the service answers.

It imports no engine, so the process that serves requests does not load one.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventer.core.model import EngineName
from eventer.core.source import Place


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """A column. `what` is a draw or a function as the template writes it.

    `key` is the key of a draw, 16 hexadecimal digits, or `PER_ELEMENT`; `entries` is the number of
    entries of a dictionary, `first` the first of them as JSON; line and column are of the call.
    """

    name: str
    domain: str
    type: str
    operation: str
    arguments: tuple[str, ...]
    what: str | None = None
    key: str | None = None
    entries: int | None = None
    first: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainedDomain:
    """A domain: `root`, or a `filter` or `elements` of lists of its parent.

    Or it has events for each row of its parent: `referenced` ones of another stream, or `earlier`
    ones of the same stream. `of` is the column of the condition, of the lengths or of the indices.
    """

    name: str
    kind: str
    parent: str | None = None
    of: str | None = None
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class ExplainedInstruction:
    """An instruction, with the column or text that it writes or the target of its jump."""

    op: str
    column: str | None = None
    text: str | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainedRaisingRows:
    """Rows that the interpreter generates: those of a domain, or those with a condition."""

    domain: str
    condition: str | None
    what: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class PlanExplanation:
    """A plan. `program` writes the event, `documents` write columns of JSON text.

    `one_by_one` are the columns computed once per distinct value; `constant` are the JSON pointers
    of the parts that are the same in all events, with `*` for the elements of a list.
    """

    columns: tuple[ExplainedColumn, ...]
    domains: tuple[ExplainedDomain, ...]
    program: tuple[ExplainedInstruction, ...]
    documents: tuple[tuple[str, tuple[ExplainedInstruction, ...]], ...]
    raising: tuple[ExplainedRaisingRows, ...]
    one_by_one: tuple[str, ...]
    constant: tuple[str, ...]
    timed: bool


@dataclass(frozen=True, slots=True)
class EngineSpeed:
    """The speed of an engine; it skipped `raising` events."""

    events_per_second: float
    bytes_per_event: float
    events: int
    raising: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """The costs of a template. `slowest` are names of columns and their nanoseconds per event."""

    interpreter: EngineSpeed
    plan: EngineSpeed | None = None
    rows: int = 0
    program_ns: float = 0.0
    slowest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateExplanation:
    """The `plan`, or the `reason` and the place of the construct that it does not cover."""

    engine: EngineName
    plan: PlanExplanation | None
    reason: str | None = None
    place: Place | None = None
    measured: Measurement | None = None
