"""What the usual CHECK constraints of PostgreSQL say about columns."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>[eE]?'(?:[^']|'')*')|(?P<number>\d+(?:\.\d+)?)
    |(?P<name>"(?:[^"]|"")+"|[A-Za-z_][\w$]*)|(?P<sign>::|<=|>=|<>|!=|!?~\*?|[-=<>()\[\],]))""",
    re.VERBOSE,
)
_TYPE_WORDS: Final = frozenset("varying precision without with time zone".split())
_FLIPPED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
_SIGNED: Final = re.compile(r"-?\d+(\.\d+)?")
_LENGTHS: Final = frozenset(("length", "char_length", "character_length"))


@dataclass(frozen=True, slots=True)
class Bound:
    """A number bounds a column, or its length: `operator` is between the column and it."""

    column: str
    operator: str
    limit: float
    of_length: bool = False


@dataclass(frozen=True, slots=True)
class AllowedValues:
    """The only values of a column."""

    column: str
    values: tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class MatchesPattern:
    """A column matches a regular expression."""

    column: str
    regex: str


@dataclass(frozen=True, slots=True)
class ColumnOrder:
    """A column is less than another one, or equal to it unless `strict`."""

    lesser: str
    greater: str
    strict: bool


@dataclass(frozen=True, slots=True)
class _NullTest:
    """A column is null, or is not."""

    column: str


@dataclass(frozen=True, slots=True)
class _Length:
    column: str


Rule: TypeAlias = Bound | AllowedValues | MatchesPattern | ColumnOrder
_Term: TypeAlias = Rule | _NullTest
_Operand: TypeAlias = str | float | _Length | tuple[str]
"""A text, a number, the length of a column, or a column as a tuple of its name."""


class _UnknownFormError(Exception):
    """The constraint has a form that is not supported."""


def parse_check(definition: str) -> tuple[Rule, ...] | None:
    """The rules of a constraint, which all hold; None if it has another form.

    Rules for a column hold if it is not null.
    """
    try:
        parser = _Parser(_tokens(definition))
        return parser.constraint()
    except _UnknownFormError:
        return None


def _tokens(text: str) -> list[tuple[str, str]]:
    """Kinds and texts of the tokens, without casts."""
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _UnknownFormError
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    return list(_without_casts(found))


def _without_casts(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    kept, at = [], 0
    while at < len(tokens):
        if tokens[at][1] != "::":
            kept.append(tokens[at])
            at += 1
            continue
        at += 2
        while at < len(tokens) and tokens[at][1].lower() in _TYPE_WORDS:
            at += 1
        for opening, closing in (("(", ")"), ("[", "]")):
            if at < len(tokens) and tokens[at][1] == opening:
                ends = [n for n in range(at, len(tokens)) if tokens[n][1] == closing]
                at = (ends or [len(tokens)])[0] + 1
    return kept


class _Parser:
    """Parses by recursive descent, and goes back where it tried a wrong form."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def constraint(self) -> tuple[Rule, ...]:
        self._expect("CHECK")
        terms = self._either()
        if self._peek() not in ("", "NOT", "NO"):
            raise _UnknownFormError
        return tuple(each for each in terms if not isinstance(each, _NullTest))

    def _either(self) -> list[_Term]:
        branches = [self._all()]
        while self._take("OR"):
            branches.append(self._all())
        return branches[0] if len(branches) == 1 else _alternatives(branches)

    def _all(self) -> list[_Term]:
        terms = self._term()
        while self._take("AND"):
            terms += self._term()
        return terms

    def _term(self) -> list[_Term]:
        return self._try(self._comparison) or self._in_parentheses()

    def _in_parentheses(self) -> list[_Term]:
        self._expect("(")
        terms = self._either()
        self._expect(")")
        return terms

    def _try(self, parse: Callable[[], list[_Term]]) -> list[_Term] | None:
        before = self._at
        try:
            return parse()
        except _UnknownFormError:
            self._at = before
            return None

    def _comparison(self) -> list[_Term]:
        left = self._operand()
        if self._take("IS"):
            self._take("NOT")
            self._expect("NULL")
            return [_NullTest(_column(left))]
        operator = self._next()
        if operator == "=" and self._take("ANY"):
            return [AllowedValues(_column(left), self._array())]
        return [_compared(left, operator, self._operand())]

    def _array(self) -> tuple[str | float, ...]:
        depth = 0
        while self._take("("):
            depth += 1
        self._expect("ARRAY")
        self._expect("[")
        values = [_constant(self._operand())]
        while self._take(","):
            values.append(_constant(self._operand()))
        self._expect("]")
        for _ in range(depth):
            self._expect(")")
        return tuple(values)

    def _operand(self) -> _Operand:
        if self._take("("):
            inner = self._operand()
            self._expect(")")
            return inner
        if self._take("-"):
            return -_number(self._operand())
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        match kind:
            case "number":
                return float(text)
            case "string" if text[0] == "'":
                return text[1:-1].replace("''", "'")
            case "name":
                return self._named(text)
        raise _UnknownFormError

    def _named(self, text: str) -> _Operand:
        name = text[1:-1].replace('""', '"') if text.startswith('"') else text
        if not self._take("("):
            return (name,)
        inner = self._operand()
        self._expect(")")
        if name not in _LENGTHS:
            raise _UnknownFormError
        return _Length(_column(inner))

    def _peek(self) -> str:
        return self._tokens[self._at][1].upper() if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1] if self._at <= len(self._tokens) else ""

    def _take(self, text: str) -> bool:
        taken = self._peek() == text
        self._at += taken
        return taken

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise _UnknownFormError


def _alternatives(branches: list[list[_Term]]) -> list[_Term]:
    """Branches besides tests for null: one, or values of one column."""
    others = [branch for branch in branches if not _is_null_test(branch)]
    if len(others) <= 1:
        return others[0] if others else branches[0]
    terms = [term for branch in others for term in branch]
    values = [each for each in terms if isinstance(each, AllowedValues)]
    if len(values) < len(terms) or len({each.column for each in values}) > 1:
        raise _UnknownFormError
    return [AllowedValues(values[0].column, tuple(v for each in values for v in each.values))]


def _is_null_test(branch: list[_Term]) -> bool:
    return all(isinstance(term, _NullTest) for term in branch)


def _compared(left: _Operand, operator: str, right: _Operand) -> Rule:
    match left, right:
        case ((str() | float()), (tuple() | _Length())) if operator in _FLIPPED:
            return _compared(right, _FLIPPED[operator], left)
        case (lesser,), (greater,) if operator in ("<", "<="):
            return ColumnOrder(lesser, greater, operator == "<")
        case (greater,), (lesser,) if operator in (">", ">="):
            return ColumnOrder(lesser, greater, operator == ">")
        case _Length(name), float(limit) if operator in _FLIPPED:
            return Bound(name, operator, limit, of_length=True)
        case (name,), str(regex) if operator == "~":
            return MatchesPattern(name, regex)
        case (name,), (str() | float()) if operator == "=":
            return AllowedValues(name, (_constant(right),))
        case (name,), float(limit) if operator in _FLIPPED:
            return Bound(name, operator, limit)
        case (name,), str(number) if _SIGNED.fullmatch(number) and operator in _FLIPPED:
            return Bound(name, operator, float(number))
    raise _UnknownFormError


def _column(operand: _Operand) -> str:
    if not isinstance(operand, tuple):
        raise _UnknownFormError
    return operand[0]


def _number(operand: _Operand) -> float:
    if not isinstance(operand, float):
        raise _UnknownFormError
    return operand


def _constant(operand: _Operand) -> str | float:
    if not isinstance(operand, str | float):
        raise _UnknownFormError
    return operand
