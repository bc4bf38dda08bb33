"""Applies the checks of a table, and of its domains, to fields."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from eventer.destinations.postgres.described_table import TableDescription
from eventer.scaffold.check_constraints import (
    AllowedValues,
    Bound,
    ColumnOrder,
    MatchesPattern,
    Rule,
    parse_check,
)
from eventer.scaffold.field_names import named_values
from eventer.scaffold.record import (
    Field,
    FieldType,
    KeySequence,
    NumberRange,
    OffsetFromField,
    TextPattern,
)
from eventer.scaffold.sampled_domains import number_range
from eventer.scaffold.table_fields import labels_choice
from eventer.scaffold.time_order import put_after

_NUMBERS = (FieldType.INTEGER, FieldType.NUMBER)
_DEFAULT_SPAN = 1000
_TIMES = (FieldType.TIMESTAMP, FieldType.DATE)


def apply_checks(fields: dict[str, Field], table: TableDescription) -> list[str]:
    """Changes fields so that they satisfy the checks; returns notes about those that are unknown.

    Columns of numbers get their ranges in the types of the table, if no check bounds them.
    """
    notes = []
    for rules, note in _all_rules(table):
        applied = [_apply(fields, rule, table) for rule in rules or ()]
        if rules is None or not all(applied):
            notes.append(note)
    for column in table.columns:
        if column.scale is not None and column.precision is not None and column.name in fields:
            largest = 10.0 ** (column.precision - column.scale) - 1
            fields[column.name] = _fit_type(fields[column.name], largest, column.scale)
    return notes


def _all_rules(table: TableDescription) -> Iterator[tuple[tuple[Rule, ...] | None, str]]:
    """The rules of each check, and the note if they are not applied."""
    for check in table.checks:
        yield parse_check(check), f"This check is not considered: {check}"
    for column in table.columns:
        for check in column.checks:
            rules = parse_check(check)
            named = rules and tuple(_of_column(rule, column.name) for rule in rules)
            yield named, f"The check of column {column.name} is not considered: {check}"


def _of_column(rule: Rule, name: str) -> Rule:
    return rule if isinstance(rule, ColumnOrder) else replace(rule, column=name)


def _apply(fields: dict[str, Field], rule: Rule, table: TableDescription) -> bool:
    """Applies a rule; returns whether it holds now."""
    if isinstance(rule, ColumnOrder):
        return _order(fields, rule, table)
    field = fields.get(rule.column)
    if field is None:
        return True
    made = _ruled(field, rule, table)
    if made is None:
        return False
    fields[field.name] = made
    return True


def _ruled(field: Field, rule: Rule, table: TableDescription) -> Field | None:
    match rule:
        case AllowedValues(_, values):
            texts = [text for text in table.sample[field.name] if text is not None]
            shown = tuple(v if isinstance(v, str) or not v.is_integer() else int(v) for v in values)
            return replace(field, domain=labels_choice(shown, texts))
        case MatchesPattern(_, regex):
            return replace(field, domain=TextPattern(regex.removeprefix("^").removesuffix("$")))
        case Bound(of_length=True):
            return _bounded_length(field, rule)
        case Bound() if field.type in _NUMBERS:
            return _bounded(field, rule)
    return None


def _bounded_length(field: Field, rule: Bound) -> Field | None:
    limit = int(rule.limit)
    match rule.operator:
        case "<=" | "<":
            most = min(field.max_length or limit, limit if rule.operator == "<=" else limit - 1)
            return replace(field, max_length=most)
        case "=":
            return replace(field, domain=TextPattern(f"[A-Z]{{{limit}}}"), max_length=limit)
        case ">" | ">=":
            least = limit + (rule.operator == ">")
            return field if least <= 1 else None
    return None


def _bounded(field: Field, rule: Bound) -> Field:
    """The field with its range, or that of its name, cut by a bound."""
    if isinstance(field.domain, KeySequence):
        return field
    known = field.domain if isinstance(field.domain, NumberRange) else _default_range(field)
    limit = rule.limit
    step = 1.0 if field.type is FieldType.INTEGER else 10.0 ** -(known.decimals or 0)
    if rule.operator in (">", ">=", "="):
        least = max(known.least, limit + step if rule.operator == ">" else limit)
        most = known.most if known.most >= least else least + _DEFAULT_SPAN
        known = replace(known, least=least, most=most)
    if rule.operator in ("<", "<=", "="):
        most = min(known.most, limit - step if rule.operator == "<" else limit)
        least = known.least if known.least <= most else most - _DEFAULT_SPAN
        known = replace(known, least=least, most=most)
    return replace(field, domain=known)


def _default_range(field: Field) -> NumberRange:
    whole = field.type is FieldType.INTEGER
    return NumberRange(1, _DEFAULT_SPAN) if whole else NumberRange(0, _DEFAULT_SPAN, 2)


def _fit_type(field: Field, largest: float, scale: int) -> Field:
    """A number that fits numeric(precision, scale)."""
    if field.type is not FieldType.NUMBER or isinstance(
        field.domain, KeySequence | OffsetFromField
    ):
        return field
    domain = field.domain if isinstance(field.domain, NumberRange) else None
    if domain is None:
        if named_values(field.name, field.type, "") and largest >= _DEFAULT_SPAN - 1:
            return field
        domain = NumberRange(0, min(_DEFAULT_SPAN, largest), scale)
    return replace(field, domain=replace(domain, decimals=min(domain.decimals or 0, scale)))


def _order(fields: dict[str, Field], rule: ColumnOrder, table: TableDescription) -> bool:
    if rule.lesser not in fields or rule.greater not in fields:
        return True
    lesser, greater = fields[rule.lesser], fields[rule.greater]
    if lesser.type in _TIMES and greater.type in _TIMES:
        put_after(fields, lesser.name, greater.name, table.sample, strict=rule.strict)
        return True
    if lesser.type not in _NUMBERS or greater.type not in _NUMBERS:
        return False
    fields[lesser.name] = replace(lesser, null_share=0.0)
    fields[greater.name] = replace(greater, domain=_offset_from(rule, greater, table))
    return True


def _offset_from(rule: ColumnOrder, greater: Field, table: TableDescription) -> OffsetFromField:
    pairs = zip(table.sample[rule.lesser], table.sample[rule.greater], strict=True)
    gaps = [float(b) - float(a) for a, b in pairs if a is not None and b is not None]
    whole = greater.type is FieldType.INTEGER
    found = [round(gap, 6) for gap in gaps if 0 <= gap < math.inf]
    known = number_range(found, whole=whole) if found else NumberRange(0, 100, None if whole else 2)
    step = 1.0 if whole else 10.0 ** -(known.decimals or 0)
    least = max(known.least, step if rule.strict else 0)
    return OffsetFromField(rule.lesser, least, max(known.most, least), known.decimals)
