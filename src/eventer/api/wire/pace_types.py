"""Types of the fields of a pace in requests, and their error texts."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, JsonValue, WithJsonSchema

from eventer.api.wire.field_types import Instant, fail_validation
from eventer.core.errors import RequestError
from eventer.core.instant import parse_moment
from eventer.core.limits import MAX_MULTIPLIER, MAX_REPEAT
from eventer.core.pace import EventRate
from eventer.core.rate import parse_rate
from eventer.service.pace_checks import check_cron, check_timezone

_DECIMALS: Final = 10**9
_FAR_NOW: Final = 1 << 62
"""An instant in whose past and future most offsets are valid; the service checks them again."""


def _refusing(check: Any) -> Any:
    """Turns a `RequestError` of a check into a fault at the value's place."""

    def validate(value: object) -> Any:
        if not isinstance(value, str):
            fail_validation("must be text")
        try:
            return check(value)
        except RequestError as error:
            fail_validation(error.message, error.hint)

    return validate


def _start(text: str) -> str:
    parse_moment(text, _FAR_NOW)
    return text.strip()


def _fixed(value: object) -> object:
    if isinstance(value, str) and value.strip().startswith("now"):
        hint = 'write it as "2026-01-01T00:00:00Z"'
        fail_validation(
            "must be a fixed instant: an offset from now would change with every request", hint
        )
    return value


def _repeat(value: object) -> object:
    if value is True:
        return True
    if type(value) is not int or not 1 <= value <= MAX_REPEAT:
        fail_validation(f"must be true or an integer from 1 to {MAX_REPEAT:,}")
    return value


def _multipliers(value: object) -> tuple[Fraction, ...]:
    if not isinstance(value, list) or len(value) not in (24, 24 * 7):
        fail_validation("must be a list of 24 numbers (a day) or 168 (a week from Monday)")
    for each in value:
        if type(each) not in (int, float) or not 0 <= each <= MAX_MULTIPLIER:
            fail_validation(f"must have numbers from 0 to {MAX_MULTIPLIER:,}")
    multipliers = tuple(Fraction(str(each)).limit_denominator(_DECIMALS) for each in value)
    if not any(multipliers):
        fail_validation("must have a number greater than zero")
    return multipliers


_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?)[kKM]?(?:/[smh])?\s*$"
_MULTIPLIER_SCHEMA: dict[str, JsonValue] = {
    "type": "number",
    "minimum": 0,
    "maximum": MAX_MULTIPLIER,
}
_PROFILE_SCHEMA: dict[str, JsonValue] = {
    "type": "array",
    "items": _MULTIPLIER_SCHEMA,
    "contains": {"type": "number", "exclusiveMinimum": 0},
    "anyOf": [{"minItems": 24, "maxItems": 24}, {"minItems": 168, "maxItems": 168}],
}
_START_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": r"^\s*now([+-].+)?\s*$"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "date"},
    ],
    "examples": ["now-7d", "2026-01-01T00:00:00Z"],
}

RateText: TypeAlias = Annotated[
    EventRate,
    BeforeValidator(_refusing(parse_rate)),
    WithJsonSchema(
        {"type": "string", "pattern": rf"^\s*(?=.*[1-9]){_NUMBER}", "examples": ["500/s", "2/m"]}
    ),
]
StageRate: TypeAlias = Annotated[
    EventRate,
    BeforeValidator(_refusing(lambda text: parse_rate(text, zero=True))),
    WithJsonSchema({"type": "string", "pattern": rf"^\s*{_NUMBER}", "examples": ["100/s"]}),
]
TimeZone: TypeAlias = Annotated[
    str,
    BeforeValidator(_refusing(check_timezone)),
    WithJsonSchema(
        {"type": "string", "pattern": "^[A-Z][A-Za-z0-9_+/-]*$", "examples": ["Europe/Berlin"]}
    ),
]
CronText: TypeAlias = Annotated[
    str,
    BeforeValidator(_refusing(check_cron)),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\S+(\s+\S+){4}\s*$",
            "examples": ["0 9 * * MON-FRI"],
        }
    ),
]
StartText: TypeAlias = Annotated[
    str, BeforeValidator(_refusing(_start)), WithJsonSchema(_START_SCHEMA)
]
FixedInstant: TypeAlias = Annotated[Instant, BeforeValidator(_fixed)]
Repeat: TypeAlias = Annotated[
    bool | int,
    BeforeValidator(_repeat),
    WithJsonSchema(
        {"anyOf": [{"const": True}, {"type": "integer", "minimum": 1, "maximum": MAX_REPEAT}]}
    ),
]
Multipliers: TypeAlias = Annotated[
    tuple[Fraction, ...], BeforeValidator(_multipliers), WithJsonSchema(_PROFILE_SCHEMA)
]
