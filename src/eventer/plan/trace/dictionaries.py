"""Functions of dictionaries, computed per entry while tracing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.source import Span
from eventer.plan.graph import Node, Type, codes_node
from eventer.plan.symbols import Symbol, Symbolic
from eventer.plan.trace.plain_values import NotPlainError, is_same_scalar
from eventer.plan.unsupported import PlanUnsupportedError

if TYPE_CHECKING:
    from eventer.plan.trace.tracer import Tracer

MAX_PAIRS: Final = 256
"""Combinations of entries that are computed while tracing."""
MAX_ENTRIES: Final = 8_192
MAX_CASES: Final = 16
"""Entries of a dictionary that are evaluated one by one."""


@dataclass(frozen=True, slots=True)
class _EntryFunction:
    """A function of dictionaries, computed for each code that can occur."""

    values: Sequence[Any]
    plain: Callable[..., Any]
    live: frozenset[int]
    span: Span | None


def simplified_dictionary(tracer: Tracer, value: Symbol) -> Any:
    """The dictionary, or a plain value if it has only one in the current domain."""
    live = sorted(tracer.live(value.node))
    if not live:
        return value
    entries = value.node.entries
    first = entries[live[0]]
    if isinstance(first, list | dict) and len(live) > 1:
        return value
    if all(is_same_scalar(entries[code], first) for code in live[1:]):
        return tracer.plain.value(first)
    return value


def compute_per_entry(
    tracer: Tracer, values: Sequence[Any], plain: Callable[..., Any], span: Span | None
) -> tuple[Any] | None:
    """The function computed for each entry, in a tuple.

    None if other columns than dictionaries are among the values, entries are too many, or a result
    is not plain JSON.
    """
    symbols = [value for value in values if isinstance(value, Symbolic)]
    dictionaries = [s for s in symbols if isinstance(s, Symbol) and s.node.type is Type.DICTIONARY]
    if len(dictionaries) < len(symbols):
        return None
    codes = _combined_codes(tracer, dictionaries)
    if codes is None:
        return None
    key, columns = codes
    if len(columns[0]) > MAX_ENTRIES:
        return None
    live = tracer.live(key.node)
    try:
        return (_map_entries(tracer, key, columns, _EntryFunction(values, plain, live, span)),)
    except NotPlainError:
        return None


def _combined_codes(
    tracer: Tracer, dictionaries: Sequence[Symbol]
) -> tuple[Symbol, list[Sequence[Any]]] | None:
    """A symbol with a code per combination of entries, and the entries by these codes."""
    groups: dict[Node, list[Symbol]] = {}
    for dictionary in dictionaries:
        groups.setdefault(codes_node(dictionary.node), []).append(dictionary)
    if len(groups) == 1:
        return dictionaries[0], [dictionary.node.entries for dictionary in dictionaries]
    sizes = [len(group[0].node.entries) for group in groups.values()]
    if prod(sizes) > MAX_PAIRS:
        return None
    keys = list(groups)
    leaders = [group[0] for group in groups.values()]
    combinations = list(product(*map(range, sizes)))
    pairs = tracer.compute(
        "code_pairs", leaders, Type.DICTIONARY, parameters=tuple(sizes), entries=tuple(combinations)
    )
    columns = [
        [
            dictionary.node.entries[each[keys.index(codes_node(dictionary.node))]]
            for each in combinations
        ]
        for dictionary in dictionaries
    ]
    return pairs, list(columns)


def _map_entries(
    tracer: Tracer, key: Symbol, columns: Sequence[Sequence[Any]], mapping: _EntryFunction
) -> Any:
    results: dict[int, Any] = {}
    failing: dict[int, EvaluationError] = {}
    for code in sorted(mapping.live):
        entries = iter([column[code] for column in columns])
        given = [
            tracer.plain.value(next(entries)) if isinstance(value, Symbolic) else value
            for value in mapping.values
        ]
        try:
            results[code] = tracer.plain.json(mapping.plain(*given))
        except EvaluationError as error:
            failing[code] = error
    if failing and not results:
        raise next(iter(failing.values()))
    if failing:
        _raise_among(tracer, key, failing, mapping.span)
    return _picked(tracer, key, len(columns[0]), results)


def _raise_among(
    tracer: Tracer, key: Symbol, failing: dict[int, EvaluationError], span: Span | None
) -> None:
    size = len(key.node.entries)
    raising = tracer.compute(
        "truth", [key], Type.BOOLEAN, parameters=tuple(code in failing for code in range(size))
    )
    first = next(iter(failing.values()))
    tracer.graph.add_raising_rows(tracer.domain, tracer.lift(raising.node), str(first), span)


def _picked(tracer: Tracer, key: Symbol, size: int, results: dict[int, Any]) -> Any:
    first = next(iter(results.values()))
    plain = not isinstance(first, list | dict)
    if plain and all(is_same_scalar(each, first) for each in results.values()):
        return tracer.plain.value(first)
    entries = tuple(results.get(code, first) for code in range(size))
    return tracer.compute("entries", [key], Type.DICTIONARY, entries=entries)


def split_by_entry(
    tracer: Tracer, value: Symbol, work: Callable[[Any], Any], span: Span | None
) -> Any:
    """The results of `work` for each entry of a dictionary, each evaluated for its own rows only.

    Raises:
        PlanUnsupportedError: the value is not a dictionary, or has too many entries.
    """
    node = value.node
    live = sorted(tracer.live(node)) if node.type is Type.DICTIONARY else []
    if not live or len(live) > MAX_CASES:
        raise PlanUnsupportedError(
            "a value that decides the shape of others differs between events", span
        )
    code = live[0]
    if len(live) == 1:
        return work(tracer.plain.value(node.entries[code]))
    is_it = tuple(number == code for number in range(len(node.entries)))
    test = tracer.compute("entries", [value], Type.DICTIONARY, entries=is_it)
    return tracer.choose(
        test,
        lambda: work(tracer.plain.value(node.entries[code])),
        lambda: split_by_entry(tracer, value, work, span),
    )
