"""The Jsonnet expression of a field: from its domain, else from its name, else from its type."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from eventer.core.model import JsonValue
from eventer.scaffold.field_names import GROUPS, is_event_time, named_values, snake_case
from eventer.scaffold.record import (
    Choice,
    Delay,
    EarlierEvent,
    EventReference,
    Field,
    FieldType,
    Items,
    KeySequence,
    NullOnly,
    NumberRange,
    ObjectFields,
    OffsetFromField,
    Probability,
    ScheduledTime,
    TextPattern,
    TimeRange,
    WordCount,
)
from eventer.scaffold.template_locals import TemplateLocals

_DAY: Final = 86_400
_WORD_LENGTH: Final = 14
_CODE_LENGTH: Final = 3
_UNIQUE_LENGTH: Final = 12
_MAX_SAFE: Final = 2**53
_KEYWORDS: Final = frozenset(
    "assert else error false for function if import importbin importstr in local null self super "
    "tailstrict then true".split()
)


@dataclass(frozen=True, slots=True)
class Expression:
    """Jsonnet text, and what was guessed. `max_length` bounds the length of a text."""

    text: str
    guess: str | None = None
    max_length: int | None = None


class FieldExpressions:
    """Writes the expressions of a record's fields, and the locals that they need."""

    def __init__(self, record: str, template_locals: TemplateLocals) -> None:
        self._record = record
        self.locals = template_locals

    def of_items(self) -> FieldExpressions:
        """The expressions of the objects of an array, which have their own locals."""
        return FieldExpressions(self._record, TemplateLocals())

    def expression(self, field: Field) -> Expression:
        """The expression of a field that is neither null nor absent."""
        made = self._from_domain(field) or self._from_name(field) or self._from_type(field)
        if field.type in (FieldType.TEXT, FieldType.ANY):
            made = _within_length(_made_unique(made, field), field.max_length)
        return made

    def _from_domain(self, field: Field) -> Expression | None:
        match field.domain:
            case KeySequence(start):
                return Expression(f"e.sequence({start if start != 1 else ''})")
            case EventReference(record, name, local):
                used = self.locals.add(local, f"e.event_of({quoted(record)})")
                return Expression(used + member(name))
            case EarlierEvent(start, or_own):
                last = start if or_own else start - 1
                return Expression(f"e.integer({start}, {last} + e.index())")
            case ObjectFields() | Items():
                return self._nested(field)
            case NullOnly():
                return Expression("null")
            case ScheduledTime() | TimeRange() | Delay():
                return self._time(field)
            case NumberRange() | OffsetFromField():
                return self._number(field)
            case Probability(true):
                return Expression(f"e.boolean({true:g})", "frequency of the sample")
            case Choice() | TextPattern() | WordCount():
                return self._text(field)
        return None

    def _text(self, field: Field) -> Expression | None:
        match field.domain:
            case Choice(values, weights, placeholders):
                if placeholders and (named := self._from_name(field)):
                    return named
                many = f"{len(values)} values, as frequent as in the sample"
                one_or_many = many if len(values) > 1 else "one value"
                return _choice(values, weights, one_or_many if placeholders else None)
            case TextPattern(regex, inferred):
                if inferred and (named := self._from_name(field, keep_codes=True)):
                    return named
                guess = "pattern of the sample" if inferred else None
                return Expression(f"e.pattern({quoted(regex)})", guess, field.max_length)
            case WordCount(least, most):
                if named := self._from_name(field):
                    return named
                text = f"e.words({least}, {most})"
                return Expression(
                    text, "as many words as in the sample", most * _WORD_LENGTH + most
                )
        return None

    def _number(self, field: Field) -> Expression | None:
        match field.domain:
            case OffsetFromField(over, least, most, decimals):
                amount = _uniform(NumberRange(least, most, decimals), field.type)
                return Expression(f"self{member(over)} + {amount}", f"greater than {over}")
            case NumberRange(_, _, decimals, median, sigma) as domain if sigma:
                parts = (median, sigma, domain.least, domain.most, decimals)
                text = ", ".join(number_text(part) for part in parts if part is not None)
                return Expression(f"e.lognormal({text})", "distribution of the sample")
            case NumberRange() as domain:
                named = named_values(field.name, field.type, self._record)
                if named is not None and named.rule.group is not None:
                    return self._from_name(field)
                return Expression(_uniform(domain, field.type), "range of the sample")
        return None

    def _time(self, field: Field) -> Expression | None:
        match field.domain:
            case ScheduledTime(distinct):
                if distinct and field.type is FieldType.DATE:
                    text = "std.substr(e.now('s', 86400 * e.index()), 0, 10)"
                    return Expression(text, "no two are equal")
                if distinct:
                    return Expression("e.now('us', e.index() / 1000000)", "no two are equal")
                return self._of_type(Expression("e.now()"), field)
            case TimeRange() as domain:
                if is_event_time(field.name):
                    return self._of_type(Expression("e.now()", "the time of the event"), field)
                return self._of_type(_time_range(domain, "range of the sample"), field)
            case Delay(after, least, most, step):
                delay = f"e.integer({least // step}, {most // step})"
                delay = delay if step == 1 else f"{step} * {delay}"
                before = self.locals.get(delay_local(after))
                delay = delay if before is None else f"{before} + {delay}"
                own = self.locals.add(delay_local(field.name), delay)
                made = Expression(f"e.now('ms', {own})", f"after {after}")
                return self._of_type(made, field)
        return None

    def _of_type(self, made: Expression, field: Field) -> Expression:
        if field.type is FieldType.DATE:
            return replace(made, text=f"std.substr({made.text}, 0, 10)")
        return made

    def _nested(self, field: Field) -> Expression:
        match field.domain:
            case ObjectFields(fields):
                return Expression(
                    "{ " + ", ".join(map(self.member, fields)) + " }" if fields else "{}"
                )
            case Items(item, as_text=as_text) as domain:
                made = self.expression(item).text
                made = (
                    made if not as_text or item.type is not FieldType.TEXT else _quoted_item(made)
                )
                items = f"[{made} for _ in {item_range(domain)}]"
                if as_text:
                    items = f"'{{' + std.join(',', {_as_texts(items, item.type)}) + '}}'"
                return Expression(items)
        raise AssertionError(field)

    def member(self, field: Field) -> str:
        """A field with its name, as a member of an object."""
        value = self.nullable(field).text
        if field.absent_share:
            return f"[if {_unless(field.absent_share)} then {quoted(field.name)}]: {value}"
        return f"{field_name(field.name)}: {value}"

    def nullable(self, field: Field) -> Expression:
        """The expression of a field that may be null."""
        made = self.expression(field)
        if isinstance(field.domain, EarlierEvent) and not field.domain.or_own:
            first = f"e.index() == 0 || e.boolean({field.null_share:g})"
            first = first if field.null_share else "e.index() == 0"
            return replace(made, text=f"if {first} then null else {made.text}")
        if field.null_share >= 1 or made.text == "null":
            return replace(made, text="null")
        if field.null_share:
            text = f"if e.boolean({field.null_share:g}) then null else {made.text}"
            return replace(made, text=text)
        return made

    def _from_name(self, field: Field, *, keep_codes: bool = False) -> Expression | None:
        named = named_values(field.name, field.type, self._record)
        if named is None or (keep_codes and named.rule.code):
            return None
        rule = named.rule
        if rule.group is None:
            return Expression(rule.member, "from the name", rule.max_length)
        short = field.max_length is not None and field.max_length <= 2
        key = "country_code" if rule.member == "country" and short else rule.member
        name = f"{named.prefix}_{rule.group}" if named.prefix else rule.group
        local = self.locals.add(name, GROUPS[rule.group])
        return Expression(f"{local}.{key}", "from the name", rule.max_length)

    def _from_type(self, field: Field) -> Expression:
        if field.type in (FieldType.TIMESTAMP, FieldType.DATE) and is_event_time(field.name):
            return self._of_type(Expression("e.now()", "the time of the event"), field)
        if field.type is FieldType.TEXT and (field.max_length or _WORD_LENGTH) <= _CODE_LENGTH:
            text = f"e.pattern('[A-Z]{{{field.max_length}}}')"
            return Expression(text, "any code", field.max_length)
        text, guess, length = _BY_TYPE[field.type]
        return self._of_type(Expression(text, guess, length), field)


_BY_TYPE: Final[dict[FieldType, tuple[str, str | None, int | None]]] = {
    FieldType.INTEGER: ("e.integer(1, 1000)", "any range", None),
    FieldType.NUMBER: ("e.number(0, 1000, 2)", "any range", None),
    FieldType.BOOLEAN: ("e.boolean()", "any frequency", None),
    FieldType.TEXT: ("e.words(1, 3)", "any words", 40),
    FieldType.TIMESTAMP: ("e.timestamp('now-30d', 'now', '1s')", "the last 30 days", None),
    FieldType.DATE: ("e.timestamp('now-30d', 'now', '24h')", "the last 30 days", None),
    FieldType.TIME: (
        "std.substr(e.timestamp('2024-01-01', '2024-01-02', '1s'), 11, 8)",
        None,
        None,
    ),
    FieldType.UUID: ("e.uuid()", None, None),
    FieldType.BYTES: ("'\\\\x' + e.pattern('[0-9a-f]{16}')", "any bytes", None),
    FieldType.OBJECT: ("{}", "the fields are not known", None),
    FieldType.ARRAY: ("[]", "the items are not known", None),
    FieldType.ANY: ("null", "the type is not known", None),
}


def item_range(items: Items) -> str:
    """What the comprehension of an array goes through."""
    ends = f"{items.least}, {items.most}"
    return f"std.range(1, {items.least if items.least == items.most else f'e.integer({ends})'})"


def _choice(
    values: tuple[JsonValue, ...], weights: tuple[int, ...] | None, guess: str | None
) -> Expression:
    longest = max((len(value) for value in values if isinstance(value, str)), default=None)
    if len(values) == 1:
        return Expression(json_text(values[0]), guess, longest)
    items = "[" + ", ".join(map(json_text, values)) + "]"
    extra = "" if weights is None else f", [{', '.join(map(str, weights))}]"
    return Expression(f"e.one_of({items}{extra})", guess, longest)


def _uniform(domain: NumberRange, type_: FieldType) -> str:
    if domain.least == domain.most:
        return number_text(domain.least)
    ends = f"{number_text(domain.least)}, {number_text(domain.most)}"
    if type_ is FieldType.INTEGER:
        return f"e.integer({ends})"
    return (
        f"e.number({ends})" if domain.decimals is None else f"e.number({ends}, {domain.decimals})"
    )


def _time_range(domain: TimeRange, guess: str) -> Expression:
    whole = domain.first % _DAY == domain.last % _DAY == 0
    times = [datetime.fromtimestamp(each, UTC).isoformat() for each in (domain.first, domain.last)]
    ends = [each[:10] if whole else f"{each[:19]}Z" for each in times]
    return Expression(f"e.timestamp('{ends[0]}', '{ends[1]}', '1s')", guess)


def _made_unique(made: Expression, field: Field) -> Expression:
    """A text that begins with the index, so that no two are equal."""
    if not field.unique or field.type is FieldType.ANY or made.text.startswith("e.uuid"):
        return made
    if field.max_length is not None and field.max_length < _UNIQUE_LENGTH:
        number = f"e.index() % {10**field.max_length}"
        return Expression(f"'%0{field.max_length}d' % ({number})", made.guess, field.max_length)
    return replace(made, text=f"'%d.%s' % [e.index(), {made.text}]", max_length=None)


def _within_length(made: Expression, most: int | None) -> Expression:
    if most is None or (made.max_length is not None and made.max_length <= most):
        return made
    return replace(made, text=f"std.substr({made.text}, 0, {most})", max_length=most)


def _quoted_item(text: str) -> str:
    return f"""'"' + {text} + '"'"""


def _as_texts(items: str, type_: FieldType) -> str:
    """Items of `std.join`, which takes texts."""
    texts = (FieldType.TEXT, FieldType.UUID, FieldType.TIMESTAMP, FieldType.DATE, FieldType.TIME)
    return items if type_ in texts else f"std.map(std.toString, {items})"


def _unless(share: float) -> str:
    return f"e.boolean({round(1 - share, 6):g})"


def delay_local(name: str) -> str:
    """The local with the delay of a field."""
    return f"{snake_case(name)}_delay"


def number_text(value: float) -> str:
    """A number as Jsonnet."""
    if isinstance(value, int) or (math.isfinite(value) and value.is_integer()):
        return str(int(value)) if abs(value) <= _MAX_SAFE else f"{value:.0f}"
    return repr(round(value, 9))


def quoted(text: str) -> str:
    """A text as Jsonnet in the usual form."""
    if "\\" in text and "'" not in text and text.isprintable():
        return f"@'{text}'"
    if "'" in text or not text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    return "'" + text.replace("\\", "\\\\") + "'"


def json_text(value: JsonValue) -> str:
    """A constant as Jsonnet."""
    return quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_identifier(name: str) -> bool:
    """Whether a name needs no quotes."""
    return name.isascii() and name.isidentifier() and name not in _KEYWORDS


def field_name(name: str) -> str:
    """A field's name in an object."""
    return name if is_identifier(name) else quoted(name)


def member(name: str) -> str:
    """The access to a field."""
    return f".{name}" if is_identifier(name) else f"[{quoted(name)}]"
