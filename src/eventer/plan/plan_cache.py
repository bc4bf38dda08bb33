"""Plans that engines share: a template is compiled once for all of its generators in a process.

Seed and stream are inputs of every plan. The dataset and the instance id are inputs if the template
writes them into its events and does nothing else with them; otherwise they are constants, and the
generators of one dataset and instance id share a plan.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from types import MappingProxyType
from typing import Final, Generic, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from eventer.core.errors import BudgetError
from eventer.core.model import WHOLE_EVENT, EventContext, Template, WrittenPart
from eventer.functions.populations import Populations
from eventer.jsonnet.load import Program
from eventer.plan.columnar_engine import Plan
from eventer.plan.compile_plan import compile_plan
from eventer.plan.draw_keys import DrawKeyValues
from eventer.plan.graph import Graph, Node
from eventer.plan.inputs import ContextInputs, PlanInputs
from eventer.plan.references import ReferencedPrograms
from eventer.plan.stream_plan import StreamPlan
from eventer.plan.trace.context_natives import ContextNatives
from eventer.plan.trace.traced_natives import TracedNatives
from eventer.plan.unsupported import PlanUnsupportedError

MAX_REMEMBERED: Final = 256
"""Templates without a plan, or with a plan per context, that are remembered."""

_K = TypeVar("_K")
_V = TypeVar("_V")
_PlanKey: TypeAlias = tuple[Template, WrittenPart, EventContext | None]
"""A template, the part of its events that is written, and the context that the plan contains."""


class PlanCache:
    """Plans by template and context. A plan stays as long as an engine has it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._plans: WeakValueDictionary[_PlanKey, Plan] = WeakValueDictionary()
        self._contexts: WeakValueDictionary[tuple[Plan, EventContext], ContextInputs] = (
            WeakValueDictionary()
        )
        self._unsupported: _Recent[_PlanKey, PlanUnsupportedError] = _Recent(MAX_REMEMBERED)
        self._has_constants: _Recent[Template, bool] = _Recent(MAX_REMEMBERED)

    def stream_plan(
        self,
        template: Template,
        program: Program,
        root_key: int,
        context: EventContext,
        part: WrittenPart = WHOLE_EVENT,
        *,
        references: ReferencedPrograms = MappingProxyType({}),
        populations: Populations = MappingProxyType({}),
    ) -> StreamPlan:
        """The plan of a template for one stream, which writes a part of each event.

        `references` are the programs of the streams that the template refers to, and `populations`
        the events of those that grow.

        Raises:
            PlanUnsupportedError: it does not cover the template.
        """
        with self._lock:
            plan = self._plan(template, program, context, part, references)
            inputs = self._contexts.get((plan, context))
            if inputs is None:
                inputs = self._contexts[plan, context] = ContextInputs(context)
        return StreamPlan(
            plan, PlanInputs(DrawKeyValues(plan.traced.keys, root_key), inputs, populations)
        )

    def _plan(
        self,
        template: Template,
        program: Program,
        context: EventContext,
        part: WrittenPart,
        references: ReferencedPrograms,
    ) -> Plan:
        if not self._has_constants.get(template):
            natives = ContextNatives(references, template.own_name)
            try:
                plan = self._compiled((template, part, None), program, natives)
            except PlanUnsupportedError:
                if not natives.texts:
                    raise
            else:
                if not _is_read(natives.texts, plan.traced.tracer.graph):
                    return plan
                del self._plans[template, part, None]
            self._has_constants.add(template, True)
        natives_of_context = TracedNatives(
            context, references=references, own_name=template.own_name
        )
        return self._compiled((template, part, context), program, natives_of_context)

    def _compiled(self, key: _PlanKey, program: Program, natives: TracedNatives) -> Plan:
        plan = self._plans.get(key)
        if plan is not None:
            return plan
        if (known := self._unsupported.get(key)) is not None:
            raise known.copy()
        try:
            plan = self._plans[key] = compile_plan(program, natives, key[1])
        except PlanUnsupportedError as error:
            if _is_permanent(error):
                self._unsupported.add(key, error.copy())
            raise
        return plan


def _is_permanent(error: PlanUnsupportedError) -> bool:
    """Whether another attempt fails too: this one did not lack time, memory or stack."""
    reason = error.__cause__ or error.__context__
    return not isinstance(reason, BudgetError | MemoryError | RecursionError)


def _is_read(texts: set[Node], graph: Graph) -> bool:
    """Whether columns are computed from these texts."""
    return any(
        isinstance(each, Node) and each in texts
        for node in graph.nodes
        for each in (*node.arguments, *node.parameters)
    )


class _Recent(Generic[_K, _V]):
    """The most recently added values by key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_K, _V] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        return self._values.get(key)

    def add(self, key: _K, value: _V) -> None:
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
