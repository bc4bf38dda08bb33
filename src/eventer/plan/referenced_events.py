"""The events of referenced streams for the interpreter, one by one and in any order.

Several events of a stream can be read alternately, and each only as far as it is read. So whatever
is computed of an event is computed in its *scope*: the index that its natives see, and its files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from eventer.core.bindings import ReferencePath
from eventer.core.errors import EvaluationError
from eventer.core.model import EarlierPopulation, FixedPopulation, Population
from eventer.functions import populations
from eventer.functions.index_reader import IndexReader
from eventer.functions.row_reader import EventsByIndex, HashedDrawKeys
from eventer.functions.spec import RowContext
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.environment import Environment, TraceSink
from eventer.jsonnet.evaluate.interpreter import FileValues, Interpreter
from eventer.jsonnet.object_layers import HIDDEN, Layer, LayerField, ObjectCode
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Code, Frame, Function, Operand, Thunk, Value, force
from eventer.plan.references import (
    DEPENDS_ON_ITSELF,
    DEPENDS_ON_ITSELF_HINT,
    ReferencedProgram,
    ReferencedPrograms,
)

_T = TypeVar("_T")

FUNCTION_READ: Final = "a function is not a part of an event"


@dataclass(frozen=True, slots=True)
class ReferencedStreams(Mapping[str, EventsByIndex]):
    """All referenced streams by name, for the template to which `path` leads.

    A stream is prepared when it is first read. The meter of the referring event counts its steps.
    Under the own name of `itself`, the template reads earlier events of its stream; if they are
    `earlier` ones themselves, it cannot.
    """

    programs: ReferencedPrograms
    populations: populations.Populations
    meter: Meter
    trace: TraceSink
    itself: ReferencedProgram
    earlier: bool = False
    path: ReferencePath = ()
    _events: dict[str, EventsByIndex] = field(default_factory=dict)

    def __getitem__(self, name: str) -> EventsByIndex:
        found = self._events.get(name)
        if found is None:
            found = self._events[name] = self._found(name)
        return found

    def _found(self, name: str) -> EventsByIndex:
        path, itself = (*self.path, name), name == self.itself.own_name
        if itself and self.earlier:
            raise EvaluationError(DEPENDS_ON_ITSELF, hint=DEPENDS_ON_ITSELF_HINT)
        program = self.itself if itself else self.programs[name]
        others = replace(self, path=path, itself=program, earlier=itself, _events={})
        population = EarlierPopulation() if itself else program.population
        grown = self.populations.get(path, populations.ASSUMED)
        return ReferencedEvents(program, population, grown, others)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.programs, **self._own})

    def __len__(self) -> int:
        return len({**self.programs, **self._own})

    @property
    def _own(self) -> ReferencedPrograms:
        """The stream itself, if its template refers to it."""
        return {self.itself.own_name: self.itself} if self.itself.own_name else {}


class _Scope:
    """One event, as far as it is computed."""

    __slots__ = ("due", "files", "index")

    def __init__(self, index: int, due: Callable[[], int] | None) -> None:
        self.index = index
        self.due = due
        self.files = FileValues()


class ReferencedEvents:
    """The events of one stream; see `EventsByIndex`. `others` are those that it can refer to."""

    def __init__(
        self,
        referenced: ReferencedProgram,
        population: Population,
        grown: populations.Population,
        others: ReferencedStreams,
    ) -> None:
        stream = referenced.stream
        self.population = population
        self._grown = None if isinstance(referenced.population, FixedPopulation) else grown
        self._name = stream.name
        self._referenced = referenced
        self._meter = others.meter
        self._trace = others.trace
        self._reader = IndexReader(stream.context, others)
        self._root_key = referenced.root_key
        self._made: Interpreter | None = None

    def count(self, reader: RowContext) -> int | None:
        """See `EventsByIndex.count`."""
        if isinstance(self.population, EarlierPopulation):
            return reader.index
        if self._grown is None:
            return None
        return int(self._grown.counts(_row(reader.index), _row(reader.scheduled))[0])

    def event(self, index: int, reader: RowContext) -> Value:
        """See `EventsByIndex.event`: a value of the language."""
        scope = _Scope(index, self._due(index, reader))
        interpreter = self._interpreter
        return self.within(scope, lambda: interpreter.value(self._root_key))

    def _due(self, index: int, reader: RowContext) -> Callable[[], int] | None:
        """When an event is due; most are not asked."""
        if (grown := self._grown) is None:
            return None
        return lru_cache(lambda: int(grown.due_times(_row(reader.index), _row(index))[0]))

    @property
    def _interpreter(self) -> Interpreter:
        if self._made is None:
            program = self._referenced.program
            environment = Environment(self._reader, HashedDrawKeys(), program.vars, self._trace)
            self._made = Interpreter(program, environment, meter=self._meter)
        return self._made

    def within(self, scope: _Scope, compute: Callable[[], Value]) -> Value:
        """A value of an event, whose parts are computed in its scope when they are read.

        Raises:
            EvaluationError: it raises; without a place, which is that of the reference.
        """
        return self._shown(self.run(scope, compute), scope)

    def run(self, scope: _Scope, compute: Callable[[], _T]) -> _T:
        """The result of work in a scope."""
        reader, interpreter = self._reader, self._interpreter
        before, reader.index, reader.due = (reader.index, reader.due), scope.index, scope.due
        files = interpreter.exchange_files(scope.files)
        try:
            return compute()
        except EvaluationError as error:
            raise referenced_error(error, f"event {scope.index} of {self._name!r}") from error
        finally:
            reader.index, reader.due = before
            interpreter.exchange_files(files)

    def _shown(self, value: Value, scope: _Scope) -> Value:
        if isinstance(value, Array):
            return Array([self._later(item, scope) for item in value.items])
        if isinstance(value, Function):
            raise EvaluationError(FUNCTION_READ)
        if isinstance(value, Object):
            return _referenced_object(value, self, scope)
        return value

    def _later(self, item: Operand, scope: _Scope) -> Operand:
        frame = [None, self._interpreter.root]
        return Thunk(lambda _: self.within(scope, lambda: force(item)), frame)


def _row(value: int) -> NDArray[np.int64]:
    return np.array([value], dtype=np.int64)


def _referenced_object(original: Object, events: ReferencedEvents, scope: _Scope) -> Object:
    """An object of a referenced event, with its visible fields and its asserts."""

    def reader(name: str) -> Code:
        return lambda _: events.within(scope, lambda: original.get(name))

    def check(_frame: Frame) -> None:
        events.run(scope, original.check_asserts)

    members = {
        name: LayerField(reader(name), entry[2], None)
        for name, entry in original.table.items()
        if entry[2] is not HIDDEN
    }
    code = ObjectCode([], (), (check,), uses_draw_key=False)
    return Object((Layer(code, members, None, None),), original.has_asserts, False)


def referenced_error(error: EvaluationError, what: str) -> EvaluationError:
    """The error of a reference to an event that raises; without a place."""
    place = error.place
    where = "" if place is None else f" at {place.name}:{place.line}:{place.column}"
    return EvaluationError(f"{what} raises{where}: {error.message}", hint=error.hint)
