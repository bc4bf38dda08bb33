"""Many cheap cases in one test."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest


def family(names: str | Iterable[str], cases: Iterable[Any]) -> Callable[[Callable], Callable]:
    """As `pytest.mark.parametrize`, but in one test, which takes less time for each case.

    All cases run. If some fail, the test raises their errors, each with a note that names its case.
    The cases share the fixtures.
    """
    parameters = tuple(names.replace(",", " ").split() if isinstance(names, str) else names)
    tables = [dict(zip(parameters, _values(case, parameters), strict=True)) for case in cases]

    def decorate(test: Callable) -> Callable:
        @wraps(test)
        def all_cases(*instance: object, **fixtures: object) -> None:
            errors = [_error(test, instance, fixtures, table) for table in tables]
            if failures := [error for error in errors if error is not None]:
                raise BaseExceptionGroup(f"{len(failures)} of {len(errors)} cases fail", failures)

        all_cases.__signature__ = _without(inspect.signature(test), parameters)
        return all_cases

    return decorate


def _values(case: Any, parameters: tuple[str, ...]) -> tuple[Any, ...]:
    return (case,) if len(parameters) == 1 else tuple(case)


def _error(test: Callable, instance: tuple, fixtures: dict, table: dict) -> BaseException | None:
    try:
        test(*instance, **fixtures, **table)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001 -- all are reported
        error.add_note("case: " + ", ".join(f"{name}={value!r}" for name, value in table.items()))
        return error
    return None


def _without(signature: inspect.Signature, names: tuple[str, ...]) -> inspect.Signature:
    kept = [each for name, each in signature.parameters.items() if name not in names]
    return signature.replace(parameters=kept)
