"""Strings, as Arrow's large_string arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventer.jsonnet.std.number_text import number_text
from eventer.kernels import draw
from eventer.kernels.json.number_formats import format_numbers
from eventer.kernels.json.number_texts import string_number_texts
from eventer.plan.ops.distinct_values import texts_per_distinct_value
from eventer.plan.ops.documents import text_array
from eventer.plan.ops.operation import OPERATIONS, Operation, operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

_EXACT: Final = float(1 << 53)


def text_scalar(value: str) -> Any:
    """A string that is the same in all rows."""
    return pa.scalar(value, pa.large_string())


def _arrow(value: Any) -> Any:
    return text_scalar(value) if isinstance(value, str) else value


@operation("concatenate")
def concatenate(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Concatenated strings."""
    parts = [_arrow(each) for each in arguments]
    return pc.binary_join_element_wise(*parts, text_scalar(""))


def _compared(compare: Callable[[Any, Any], Any]) -> Operation:
    def run_it(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
        left, right = map(_arrow, arguments)
        return compare(left, right).to_numpy(zero_copy_only=False)

    return run_it


# UTF-8 has the order of code points.
OPERATIONS["text_equal"] = _compared(pc.equal)
OPERATIONS["text_less"] = _compared(pc.less)
OPERATIONS["text_greater"] = _compared(pc.greater)
OPERATIONS["text_less_equal"] = _compared(pc.less_equal)
OPERATIONS["text_greater_equal"] = _compared(pc.greater_equal)


@operation("text_length")
def text_length(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Lengths in code points."""
    return pc.utf8_length(arguments[0]).cast(pa.int64()).to_numpy()


@operation("text_upper")
def text_upper(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """ASCII letters in upper case."""
    return pc.ascii_upper(arguments[0])


@operation("text_lower")
def text_lower(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """ASCII letters in lower case."""
    return pc.ascii_lower(arguments[0])


@operation("integer_text")
def integer_text(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Integers in decimal."""
    return pa.array(arguments[0]).cast(pa.string()).cast(pa.large_string())


@operation("number_text")
def text_of_number(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Numbers as the language prints them inside strings."""
    (values,) = arguments
    if not draw.use_compiled(len(values)):
        return _number_texts(values)
    data, offsets, rest = string_number_texts(values)
    return _with(text_array(offsets, data), rest, _number_texts(values[rest]))


def _number_texts(values: Any) -> Any:
    """The texts, computed once per distinct number."""
    bits, inverse = np.unique(values.view(np.int64), return_inverse=True)
    texts = [number_text(value) for value in bits.view(np.float64).tolist()]
    return pa.array(texts, type=pa.large_string()).take(pa.array(inverse))


@operation("format_number", raises=True)
def format_number(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Numbers formatted by a conversion of `std.format`; the language's code formats the rest."""
    (values,) = arguments
    layout, function = node.parameters
    if not draw.use_compiled(len(values)):
        return texts_per_distinct_value(run, node, function, values, None)
    data, offsets, rest = format_numbers(layout, values)
    texts = text_array(offsets, data)
    if not len(rest):
        return texts
    return _with(texts, rest, texts_per_distinct_value(run, node, function, values[rest], rest))


@operation("text_pad")
def text_pad(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Texts padded to a width in code points, at the left or (`left`) at the right."""
    width, left = node.parameters
    pad = pc.utf8_rpad if left else pc.utf8_lpad
    return pad(arguments[0], width=width, padding=" ")


def _with(texts: Any, rows: Any, others: Any) -> Any:
    """Texts of which other texts replace some rows (ascending)."""
    if not len(rows):
        return texts
    order = np.arange(len(texts))
    order[rows] = len(texts) + np.arange(len(rows))
    return pa.concat_arrays([texts, others]).take(pa.array(order))
