"""The explanation of a plan as text, the same in every process."""

from __future__ import annotations

from collections.abc import Iterator

from eventer.plan.explanation import (
    EngineSpeed,
    ExplainedColumn,
    ExplainedDomain,
    ExplainedInstruction,
    ExplainedRaisingRows,
    Measurement,
    PlanExplanation,
)

_WIDTHS = (6, 4, 12)
"""Widths of a column's name, domain and type; fixed, so that lines differ only if plans do."""


def plan_text(plan: PlanExplanation) -> str:
    """The text of a plan."""
    return "".join(f"{line}\n" for line in _lines(plan))


def _lines(plan: PlanExplanation) -> Iterator[str]:
    yield "engine: plan"
    if plan.timed:
        yield "  events depend on when they are due"
    yield from _section("domains", map(_rows, plan.domains))
    yield from _section("columns", map(column_text, plan.columns))
    yield from _section("row program", _steps(plan.program))
    for name, steps in plan.documents:
        yield from _section(f"row program of {name}", _steps(steps))
    yield from _section("rows that go to the interpreter", map(_raising, plan.raising))
    by_value = (column for column in plan.columns if column.operation == "each")
    yield from _section("computed value by value", map(_by_value, by_value))
    yield from _section("constant", (part or "the whole event" for part in plan.constant))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (f"  {line}".rstrip() for line in found)


def _rows(rows: ExplainedDomain) -> str:
    if rows.kind == "root":
        return f"{rows.name:<4}the events"
    if rows.kind == "filter":
        return f"{rows.name:<4}{rows.parent} where {'' if rows.holds else 'not '}{rows.of}"
    if rows.kind == "referenced":
        return _referenced("events of another stream", rows)
    if rows.kind == "earlier":
        return _referenced("earlier events of the stream", rows)
    return f"{rows.name:<4}elements of lists in {rows.parent}, {rows.of} each"


def _referenced(events: str, rows: ExplainedDomain) -> str:
    return f"{rows.name:<4}{events} at {rows.of}, for each row of {rows.parent}"


def column_text(column: ExplainedColumn) -> str:
    """The line of a column."""
    words = [column.operation, ", ".join(column.arguments)]
    if column.what is not None:
        words.insert(1, column.what)
    if column.key is not None:
        words.append(f"key {column.key}")
    if column.bounds is not None:
        words.append(f"[{column.bounds[0]}..{column.bounds[1]}]")
    if column.entries is not None:
        more = ", …" if column.entries > len(column.first) else ""
        words.append(f"{{{column.entries}: {', '.join(column.first)}{more}}}")
    fixed = zip((column.name, column.domain, column.type), _WIDTHS, strict=True)
    return "".join(f"{text:<{width}}" for text, width in fixed) + " ".join(filter(None, words))


def _steps(steps: tuple[ExplainedInstruction, ...]) -> Iterator[str]:
    for number, step in enumerate(steps):
        words = [f"{number:<4}{step.op:<9}"]
        if step.column is not None:
            words.append(step.column)
        if step.text is not None:
            words.append(step.text)
        if step.to is not None:
            words.append(f"-> {step.to}")
        yield " ".join(words)


def _raising(raising: ExplainedRaisingRows) -> str:
    which = "" if raising.condition is None else f" where {raising.condition}"
    return f"{raising.domain}{which}: {raising.what}{_at(raising.line, raising.column)}"


def _by_value(column: ExplainedColumn) -> str:
    return f"{column.name:<6}{column.what}{_at(column.line, column.column)}"


def _at(line: int | None, column: int | None) -> str:
    return "" if line is None else f" (line {line}, column {column})"


def measurement_text(measured: Measurement, plan: PlanExplanation | None) -> str:
    """The text of measured costs."""
    return "".join(f"{line}\n" for line in _costs(measured, plan))


def _costs(measured: Measurement, plan: PlanExplanation | None) -> Iterator[str]:
    yield "measured"
    if measured.plan is not None:
        yield f"  plan         {_speed(measured.plan)}"
    yield f"  interpreter  {_speed(measured.interpreter)}"
    if measured.plan is None:
        return
    yield f"  row program  {measured.program_ns:,.0f} ns an event"
    columns = {column.name: column for column in plan.columns} if plan else {}
    for name, ns in measured.slowest:
        column = columns.get(name)
        what = "" if column is None else f"  {column.operation} {column.what or ''}".rstrip()
        yield f"  {name:<11}  {ns:,.0f} ns an event{what}"


def _speed(speed: EngineSpeed) -> str:
    raising = f", {speed.raising:,} raise" if speed.raising else ""
    size = f"{speed.bytes_per_event:,.0f} bytes/event"
    return f"{speed.events_per_second:,.0f} events/s, {size}{raising}"
