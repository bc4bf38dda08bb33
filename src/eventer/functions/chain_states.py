"""The states of `get_chain`: which states follow each one, and how long it lasts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.core.suggestions import did_you_mean
from eventer.functions.arguments import shown
from eventer.functions.distributions import LARGEST
from eventer.functions.distributions_continuous import (
    GET_EXPONENTIAL,
    GET_GAMMA,
    GET_LOGNORMAL,
    GET_NORMAL,
    GET_PARETO,
    GET_TRIANGULAR,
)
from eventer.functions.numbers import GET_NUMBER
from eventer.functions.spec import BoundCall, FunctionSpec

NAME: Final = "get_chain"
MAX_STATES: Final = 256
LONGEST_DWELL: Final = 1e12
"""Seconds; samples beyond it are this number, so that all sums are finite."""

DISTRIBUTIONS: Final[Mapping[str, FunctionSpec]] = {
    "uniform": GET_NUMBER,
    "normal": GET_NORMAL,
    "lognormal": GET_LOGNORMAL,
    "exponential": GET_EXPONENTIAL,
    "gamma": GET_GAMMA,
    "pareto": GET_PARETO,
    "triangular": GET_TRIANGULAR,
}
"""The functions that draw how long a state lasts, by the names that states give them."""

_STARTS_WITH_LOW: Final = frozenset({"uniform", "triangular"})
_LEAST_OF_NORMAL: Final = 2
_STATES_HINT: Final = (
    "write { browse: { next: { buy: 1, leave: 3 }, dwell: 30 }, buy: {}, leave: {} }"
)
_DWELL_HINT: Final = "write seconds, such as 30, or a distribution, such as { exponential: [30] }"
_NEXT_HINT: Final = "write the weights of the states that follow, such as { buy: 1, leave: 3 }"


@dataclass(frozen=True, slots=True)
class State:
    """A state: the weights of the states that follow, all above 0, and the seconds that it lasts.

    None follows a state that ends the path. `dwell` is a number, or a call that draws one.
    """

    next: Mapping[str, float]
    dwell: float | BoundCall


def parse_states(argument: JsonValue) -> Mapping[str, State]:
    """The states by name, in the order of code points.

    Raises:
        EvaluationError: the argument is invalid.
    """
    if not isinstance(argument, Mapping) or not argument:
        raise EvaluationError(
            f"{NAME}: 'states' must be an object with a state per field, not {shown(argument)}",
            hint=_STATES_HINT,
        )
    if len(argument) > MAX_STATES:
        raise EvaluationError(
            f"{NAME}: 'states' has {len(argument)} states, more than {MAX_STATES}",
            hint="merge states that have the same successors",
        )
    return {name: _state(name, argument[name], argument) for name in sorted(argument)}


def known_state(what: str, name: JsonValue, states: Iterable[str]) -> str:
    """The name of one of the states; an error says that `what` is none.

    Raises:
        EvaluationError: there is no state of this name.
    """
    if isinstance(name, str) and name in states:
        return name
    known = sorted(states)
    hint = did_you_mean(name, known) if isinstance(name, str) else None
    raise EvaluationError(
        f"{NAME}: {what} {shown(name)} is not a state",
        hint=hint or f"the states are {', '.join(known)}",
    )


def _state(name: str, given: JsonValue, states: Mapping[str, Any]) -> State:
    if not isinstance(given, Mapping):
        raise EvaluationError(
            f"{NAME}: state {name!r} must be an object with 'next' and 'dwell', not {shown(given)}",
            hint=_STATES_HINT,
        )
    for key in given:
        if key not in {"next", "dwell"}:
            raise EvaluationError(
                f"{NAME}: state {name!r} has the unknown field {key!r}",
                hint=did_you_mean(key, ("next", "dwell")) or "a state has 'next' and 'dwell'",
            )
    return State(_next(name, given.get("next"), states), _dwell(name, given.get("dwell", 0.0)))


def _next(name: str, given: JsonValue, states: Mapping[str, Any]) -> Mapping[str, float]:
    """The weights of following states in the order of code points, without zeros."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise EvaluationError(
            f"{NAME}: 'next' of state {name!r} must be an object, not {shown(given)}",
            hint=_NEXT_HINT,
        )
    weights = {}
    for target in sorted(given):
        known_state(f"'next' of state {name!r}:", target, states)
        weight = _not_negative(f"the weight of {target!r} after state {name!r}", given[target])
        if weight > 0:
            weights[target] = weight
    if not weights:
        raise EvaluationError(
            f"{NAME}: no weight in 'next' of state {name!r} is greater than zero",
            hint="give one such weight, or leave out 'next' where the path ends",
        )
    return weights


def _dwell(name: str, given: JsonValue) -> float | BoundCall:
    what = f"'dwell' of state {name!r}"
    if not isinstance(given, Mapping):
        seconds = _not_negative(what, given, LONGEST_DWELL)
        return seconds + 0.0  # -0 is 0
    if len(given) != 1:
        raise EvaluationError(
            f"{NAME}: {what} must have one distribution, not {len(given)}", hint=_DWELL_HINT
        )
    ((distribution, arguments),) = given.items()
    spec = DISTRIBUTIONS.get(distribution)
    if spec is None:
        raise EvaluationError(
            f"{NAME}: {what} has the unknown distribution {distribution!r}",
            hint=did_you_mean(distribution, DISTRIBUTIONS)
            or f"the distributions are {', '.join(DISTRIBUTIONS)}",
        )
    if isinstance(arguments, str | Mapping) or not isinstance(arguments, Sequence):
        raise EvaluationError(
            f"{NAME}: {distribution!r} in {what} must be an array, not {shown(arguments)}",
            hint=f"give the arguments of {spec.signature}, such as {{ {distribution}: [10, 20] }}",
        )
    return _distribution(what, distribution, list(arguments))


def _distribution(what: str, name: str, arguments: list[JsonValue]) -> BoundCall:
    """The call that draws seconds, which are 0 or more."""
    try:
        if name == "normal":
            arguments = _from_zero(arguments)
        elif name in _STARTS_WITH_LOW and arguments:
            _require_not_negative("'lo'", arguments[0])
        return DISTRIBUTIONS[name].call(arguments)
    except EvaluationError as error:
        raise EvaluationError(f"{NAME}: {what}: {error.message}", hint=error.hint) from None


def _from_zero(arguments: list[JsonValue]) -> list[JsonValue]:
    """The arguments of a normal distribution; its `min` is 0 if none is given."""
    given = [*arguments, *[None] * (_LEAST_OF_NORMAL + 1 - len(arguments))]
    if len(arguments) >= _LEAST_OF_NORMAL and given[_LEAST_OF_NORMAL] is None:
        given[_LEAST_OF_NORMAL] = 0.0
    _require_not_negative("'min'", given[_LEAST_OF_NORMAL])
    return given


def _require_not_negative(name: str, value: JsonValue) -> None:
    if isinstance(value, int | float) and value < 0:
        raise EvaluationError(
            f"{name} must be 0 or more, not {shown(value)}", hint="a state lasts 0 seconds or more"
        )


def _not_negative(what: str, value: JsonValue, most: float = LARGEST) -> float:
    """A number from 0 to `most`."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and 0 <= value <= most:  # type: ignore[arg-type, operator]  # a number
        return float(value)  # type: ignore[arg-type]  # a number
    is_weight = most == LARGEST
    words = "a number of 0 or more" if is_weight else f"a number of seconds from 0 to {most:g}"
    hint = _NEXT_HINT if is_weight else _DWELL_HINT
    raise EvaluationError(f"{NAME}: {what} must be {words}, not {shown(value)}", hint=hint)
