"""JSON documents: texts of values, and the arrays that functions return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventer.kernels.json.assemble import assemble
from eventer.plan.graph import Type
from eventer.plan.ops.dictionaries import DTYPES
from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Domain, Node
    from eventer.plan.row_program import BoundRowProgram

_UNBOUNDED = 1 << 40
_LARGE_STRING = pa.large_string()


@dataclass(frozen=True, slots=True)
class JsonDictionaryColumn:
    """A JSON value per row: row i has `entries[codes[i]]`."""

    codes: Any
    entries: Sequence[Any]

    def take(self, rows: Any) -> JsonDictionaryColumn:
        """Some of the rows."""
        return JsonDictionaryColumn(self.codes[rows], self.entries)


@operation("document")
def document(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The JSON text of a value, written by a row program."""
    return program_texts(run, node.parameters[0], node.domain)


def program_texts(run: Execution, program: BoundRowProgram, domain: Domain) -> Any:
    """The texts that a row program writes, one per row of a domain."""
    rows = run.size(domain)
    row_program, columns = run.inputs.row_program(program, run)
    texts = assemble(
        row_program,
        columns,
        rows,
        limit=_UNBOUNDED,
        event_limit=_UNBOUNDED,
        guess=rows * 64,
    )
    return text_array(texts.ends, texts.text)


def text_array(ends: Any, data: Any, kind: pa.DataType = _LARGE_STRING) -> Any:
    """Concatenated texts as an Arrow array."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(ends)), pa.py_buffer(data)]
    return pa.Array.from_buffers(kind, len(ends) - 1, buffers)


@operation("value_text")
def value_text(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The JSON texts of values, written by the function in the parameters."""
    (values,), (write,) = arguments, node.parameters
    texts = pa.array(map(write, values.entries), type=pa.large_string())
    return texts.take(pa.array(values.codes))


@operation("value_lengths", raises=True)
def value_lengths(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The lengths of arrays; rows with other values raise."""
    (values,) = arguments
    lengths = [len(e) if isinstance(e, list) else -1 for e in values.entries]
    found = np.array(lengths, dtype=np.int64)[values.codes]
    if (found < 0).any():
        run.raise_rows(node.domain, found < 0)
    return np.maximum(found, 0)


@operation("value_items", raises=True)
def value_items(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The elements of all arrays; rows whose elements have another type than the node raise."""
    values = run.value(node.parameters[0])
    rows = [e if isinstance(e, list) else [] for e in values.entries]
    items = [item for code in values.codes.tolist() for item in rows[code]]
    if node.type is Type.VALUE:
        return JsonDictionaryColumn(np.arange(len(items), dtype=np.int64), items)
    expected, blank = _CLASSES[node.type]
    wrong = np.array([item.__class__ is not expected for item in items], dtype=np.bool_)
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        items = [item if item.__class__ is expected else blank for item in items]
    if node.type is Type.TEXT:
        return pa.array(items, type=pa.large_string())
    return np.array(items, dtype=DTYPES[node.type])


_CLASSES: dict[Type, tuple[type, Any]] = {
    Type.NUMBER: (float, 0.0),
    Type.TEXT: (str, ""),
    Type.BOOLEAN: (bool, False),
}
