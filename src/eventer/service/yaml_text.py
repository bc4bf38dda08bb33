"""YAML texts of the user as JSON values."""

from __future__ import annotations

from typing import Any

from eventer.core.errors import EvaluationError, RequestError

_EXACT = 1 << 53


def yaml_value(text: str, what: str) -> Any:
    """The value of a YAML text, which messages call `what`.

    Raises:
        RequestError: it is not valid YAML, or has a number that a double cannot hold exactly.
    """
    from eventer.jsonnet.std.yaml_values import parse_yaml

    def free(_: float) -> None:
        """The text is the user's own: it has no budget."""

    try:
        return _with_integers(parse_yaml(text, free, free), what)
    except EvaluationError as error:
        problem = error.message.removeprefix("failed to parse YAML: ")
        raise RequestError(f"{what} is not valid YAML: {problem}") from None


def _with_integers(value: Any, what: str) -> Any:
    match value:
        case dict():
            return {name: _with_integers(inner, what) for name, inner in value.items()}
        case list():
            return [_with_integers(inner, what) for inner in value]
        case float() if value.is_integer():
            if abs(value) >= _EXACT:
                raise RequestError(
                    f"{what} has an integer of more than 53 bits: write it in quotes"
                )
            return int(value)
    return value
