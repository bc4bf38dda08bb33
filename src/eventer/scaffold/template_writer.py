"""Writes a record as a template, in the form of `eventer fmt`."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from eventer.scaffold.field_expressions import (
    Expression,
    FieldExpressions,
    field_name,
    item_range,
    quoted,
)
from eventer.scaffold.record import Field, Items, ObjectFields, Record
from eventer.scaffold.template_locals import TemplateLocals

_WIDTH: Final = 96


def template_text(record: Record) -> str:
    """The template of the record's events. Comments say what was guessed."""
    template_locals = TemplateLocals()
    expressions = FieldExpressions(record.name, template_locals)
    lines = list(_value_lines(record, expressions))
    head = [*_comment(record), "local e = import 'eventer.libsonnet';"]
    head += [f"local {name} = {expression};" for name, expression in template_locals]
    return "\n".join([*head, *lines]) + "\n"


def _comment(record: Record) -> Iterator[str]:
    yield f"// Written by eventer init from {record.source}. Edit it as you like."
    if record.key:
        yield f"// Key: {', '.join(record.key)}."
    for note in record.notes:
        yield from (f"// {line}" for line in wrap(note, _WIDTH))


def _value_lines(record: Record, expressions: FieldExpressions) -> Iterator[str]:
    if [field.name for field in record.fields] == [""]:
        yield expressions.nullable(record.fields[0]).text
        return
    yield "{"
    for field in record.fields:
        yield from _field_lines(field, expressions)
    yield "}"


def _field_lines(field: Field, expressions: FieldExpressions, depth: int = 1) -> Iterator[str]:
    """The lines of a field; the fields of an object have lines of their own."""
    indent = "  " * depth
    yield from (f"{indent}// {line}" for note in field.notes for line in wrap(note, _WIDTH))
    match field.domain:
        case ObjectFields(fields) if fields and field.null_share < 1:
            yield f"{indent}{_name(field)}: {_null(field)}{{"
            for each in fields:
                yield from _field_lines(each, expressions, depth + 1)
            yield f"{indent}}},"
        case Items(Field(domain=ObjectFields(fields)), _, _, False) as items if fields:
            yield f"{indent}{_name(field)}: {_null(field)}[{{"
            yield from _item_lines(fields, expressions.of_items(), depth + 1)
            yield f"{indent}}} for _ in {item_range(items)}],"
        case _:
            made = expressions.nullable(field)
            yield f"{indent}{_name(field)}: {made.text},{_remark(field, made)}"


def _item_lines(
    fields: tuple[Field, ...], expressions: FieldExpressions, depth: int
) -> Iterator[str]:
    """The fields of the objects of an array, each with its own locals."""
    lines = [line for each in fields for line in _field_lines(each, expressions, depth)]
    for name, expression in expressions.locals:
        yield f"{'  ' * depth}local {name} = {expression},"
    yield from lines


def _null(field: Field) -> str:
    return f"if e.boolean({field.null_share:g}) then null else " if field.null_share else ""


def _name(field: Field) -> str:
    if field.absent_share:
        return f"[if e.boolean({round(1 - field.absent_share, 6):g}) then {quoted(field.name)}]"
    return field_name(field.name)


def _remark(field: Field, made: Expression) -> str:
    if field.null_share >= 1 or made.guess is None:
        return ""
    return f"  // guess: {made.guess}"
