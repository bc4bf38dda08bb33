"""The explanation of a template as data: what processes exchange and what the service answers.

It imports no engine, so the process that serves requests does not load one.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventer.core.model import EngineName
from eventer.core.source import Place


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """One column. `what` is the draw or the function that it is, as the template writes it.

    `key` is a draw's key, 16 hexadecimal digits, or `PER_ELEMENT`; `entries` is how many values a
    dictionary has, `first` some of them as JSON text; line and column are those of the call.
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
    """A domain: `root`; a `filter` of its parent by a condition; the `elements` of its lists.

    `of` is the column that says which rows, or how many elements.
    """

    name: str
    kind: str
    parent: str | None = None
    of: str | None = None
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class ExplainedInstruction:
    """One instruction: a column or a text that it writes, an instruction that it goes to."""

    op: str
    column: str | None = None
    text: str | None = None
    to: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainedRaisingRows:
    """Rows that the interpreter makes: those of a domain for which a condition holds, or all."""

    domain: str
    condition: str | None
    what: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class PlanExplanation:
    """A plan. `program` writes the event, `documents` the columns that are JSON text.

    `one_by_one` are the columns that call a function of the interpreter for each different value;
    `constant` are parts of the event that are the same in all events, by JSON pointer, `*` for the
    elements of a list.
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
    """What an engine did: `raising` events were passed over."""

    events_per_second: float
    bytes_per_event: float
    events: int
    raising: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a template costs. Without a plan, `interpreter` alone.

    `slowest` are the names of columns and what they cost, ns an event, the dearest first.
    """

    interpreter: EngineSpeed
    plan: EngineSpeed | None = None
    rows: int = 0
    program_ns: float = 0.0
    slowest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateExplanation:
    """`plan` where there is one, else the `reason` why not, and the place of what is to blame."""

    engine: EngineName
    plan: PlanExplanation | None
    reason: str | None = None
    place: Place | None = None
    measured: Measurement | None = None
