"""Services for compiled code: the meter, the operators, JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.budget import Meter
from eventer.jsonnet.context import Context
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.manifest import Manifester
from eventer.jsonnet.natives import NativeObject
from eventer.jsonnet.nodes import Visibility
from eventer.jsonnet.object_layers import PLAIN_OBJECT_CODE, Layer, LayerField
from eventer.jsonnet.object_values import Object, object_of
from eventer.jsonnet.operators import Operators
from eventer.jsonnet.values import Array, Code, Frame, Value

_MAX_CACHED_STEPS: Final = 16_384
_MAX_CACHED_TEXT: Final = 256
"""The longest text whose step is cached between events."""

_MAX_CACHED_NATIVE_OBJECTS: Final = 256


class Runtime:
    """One for each interpreter; `Meter.restart` begins the next event."""

    __slots__ = (
        "_ext_vars",
        "_lazy_classes",
        "_native_members",
        "_steps",
        "environment",
        "manifest",
        "meter",
        "operators",
    )

    def __init__(self, environment: Environment, meter: Meter) -> None:
        self.environment = environment
        self.meter = meter
        self.operators = Operators(meter)
        self.manifest = Manifester(meter)
        self._steps: dict[str, int] = {}
        self._ext_vars: dict[str, Value] = {}
        self._native_members: dict[tuple[Sequence[str], ...], dict[str, LayerField]] = {}
        self._lazy_classes: dict[type, bool] = {}

    def step_of(self, text: str) -> int:
        """A text as a step of draw keys."""
        if len(text) > _MAX_CACHED_TEXT:
            self.meter.charge_reading(len(text))
            return self.environment.keys.step_of(text)
        step = self._steps.get(text)
        if step is None:
            if len(self._steps) >= _MAX_CACHED_STEPS:
                self._steps.clear()
            step = self._steps[text] = self.environment.keys.step_of(text)
        return step

    def root(self, key: int) -> Context:
        """A new tree of contexts below `key`."""
        return Context.root(key, self.environment.keys, self.meter)

    def ext_var(self, name: str) -> Value:
        """An external variable.

        Raises:
            EvaluationError: the variable is not set.
        """
        if name not in self._ext_vars:
            known = self.environment.vars
            if name not in known:
                hint = did_you_mean(name, known) or _vars_hint(known)
                raise EvaluationError(f"the variable {name!r} is not set", hint=hint)
            self._ext_vars[name] = self.from_json(known[name])
        return self._ext_vars[name]

    # -- JSON in --------------------------------------------------------------------------------

    def from_json(self, value: JsonValue | NativeObject) -> Value:
        """The value of the language for a JSON value or the result of a native; charged.

        A native may also return arrays and objects of the language.
        """
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return value if value.isascii() else _replace_lone_surrogates(value)
        if isinstance(value, int | float):
            return _double(value)
        if isinstance(value, Array | Object):
            return value
        if self._is_lazy(value):
            return self._native_object(value)  # type: ignore[arg-type]  # has its methods
        if isinstance(value, Mapping):
            self.meter.charge_elements(len(value))
            return object_of({str(k): self.from_json(v) for k, v in value.items()})
        if isinstance(value, Sequence):
            self.meter.charge_elements(len(value))
            return Array([self.from_json(element) for element in value])
        raise EvaluationError(f"{type(value).__name__} is not a JSON value")

    def _is_lazy(self, value: object) -> bool:
        kind = type(value)
        lazy = self._lazy_classes.get(kind)
        if lazy is None:
            lazy = self._lazy_classes[kind] = isinstance(value, NativeObject)
        return lazy

    def _native_object(self, value: NativeObject) -> Object:
        """An object of lazy fields; the frame of its layer is the native object."""
        names = (tuple(value.names()), tuple(value.hidden_names()))
        members = self._native_members.get(names)
        if members is None:
            if len(self._native_members) >= _MAX_CACHED_NATIVE_OBJECTS:
                self._native_members.clear()
            members = {
                name: LayerField(self._reader(name), Visibility.INHERIT, None) for name in names[0]
            }
            hidden = {
                name: LayerField(self._reader(name), Visibility.HIDDEN, None) for name in names[1]
            }
            members = self._native_members[names] = members | hidden
        return Object((Layer(PLAIN_OBJECT_CODE, members, value, None),), False, False)

    def _reader(self, name: str) -> Code:
        def read(frame: Frame) -> Value:
            native: NativeObject = frame[0]
            return self.from_json(native.get(name))

        return read


def _double(value: Any) -> float:
    try:
        return finite(float(value))
    except OverflowError:
        raise EvaluationError(f"{value:.6g} is too large for a number") from None


def _replace_lone_surrogates(text: str) -> str:
    """The text, with unpaired surrogates replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _vars_hint(known: Mapping[str, JsonValue]) -> str:
    if not known:
        return "no vars are given at all: pass -V name=value, or `vars` with the event"
    return "the vars are " + ", ".join(sorted(known))
