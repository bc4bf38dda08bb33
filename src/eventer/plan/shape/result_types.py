"""What functions return, as far as inference cares: the standard library's and the natives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from eventer.functions.catalog import CATALOG
from eventer.functions.choices import GET_ONE_OF, items_of
from eventer.functions.spec import ReturnType
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    NUMBER,
    TEXT,
    WHOLE,
    AbstractArray,
    AbstractClosure,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    LazyValue,
    Number,
    ObjectLayers,
    Text,
    evaluated,
    join,
    text_of,
)

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

_BOOLEANS: Final = frozenset(
    "isString isNumber isBoolean isObject isArray isFunction isNull startsWith endsWith isEmpty "
    "equalsIgnoreCase objectHas objectHasAll objectHasEx member contains setMember all any isEven "
    "isOdd isInteger isDecimal xor xnor equals primitiveEquals assertEqual".split()
)
_WHOLES: Final = frozenset(
    "length floor ceil round codepoint parseInt parseOctal parseHex count exponent sign".split()
)
_NUMBERS: Final = frozenset(
    "pow exp log log2 log10 sqrt sin cos tan asin acos atan atan2 hypot deg2rad rad2deg mantissa "
    "avg modulo".split()
)
_TEXTS: Final = frozenset(
    "toString type substr asciiUpper asciiLower trim stripChars lstripChars rstripChars strReplace "
    "format escapeStringJson escapeStringPython escapeStringBash escapeStringDollars "
    "escapeStringXML char lines md5 sha1 sha256 sha512 sha3 base64 base64Decode decodeUTF8 "
    "manifestIni manifestPython manifestPythonVars manifestJson manifestJsonEx "
    "manifestJsonMinified manifestYamlDoc manifestYamlStream manifestXmlJsonml manifestToml "
    "manifestTomlEx deepJoin thisFile".split()
)
_TEXT_ARRAYS: Final = frozenset(
    "split splitLimit splitLimitR stringChars objectFields objectFieldsAll".split()
)
_SAME_ARRAYS: Final = frozenset("reverse set sort uniq slice repeat removeAt remove".split())


def std_result(inference: Inference, name: str, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    """What `std.name(arguments)` may be; named arguments come after the positional ones."""
    for names, value in _BY_KIND:
        if name in names:
            return value
    if name in _SAME_ARRAYS and arguments:
        first = arguments[0].get()
        return first if isinstance(first.core, AbstractArray | Text) else ANYTHING
    rule = _RULES.get(name)
    return rule(inference, arguments) if rule is not None else ANYTHING


def _range(_: Inference, __: tuple[LazyValue, ...]) -> AbstractValue:
    return AbstractValue(AbstractArray(evaluated(WHOLE)))


def _applied(inference: Inference, function: LazyValue, *arguments: LazyValue) -> AbstractValue:
    core = function.get().core
    return inference.call(core, arguments, {}) if isinstance(core, AbstractClosure) else ANYTHING


def _map(inference: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    if len(arguments) != 2:
        return ANYTHING
    source = arguments[1].get().core
    element = source.element if isinstance(source, AbstractArray) else evaluated(ANYTHING)
    return AbstractValue(
        AbstractArray(LazyValue(lambda: _applied(inference, arguments[0], element)))
    )


def _make_array(inference: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    if len(arguments) != 2:
        return ANYTHING
    return AbstractValue(
        AbstractArray(LazyValue(lambda: _applied(inference, arguments[1], evaluated(WHOLE))))
    )


def _filter(_: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    source = arguments[1].get() if len(arguments) == 2 else ANYTHING
    return source if isinstance(source.core, AbstractArray) else ANYTHING


def _join_arrays(_: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    separator = arguments[0].get() if arguments else ANYTHING
    return TEXT if isinstance(separator.core, Text) else ANYTHING


def _among(_: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    """`max`, `min`, `clamp`: one of the arguments."""
    total = WHOLE if arguments else NUMBER
    for argument in arguments:
        core = argument.get().core
        total = join(total, AbstractValue(core) if isinstance(core, Number) else NUMBER)
    return total


def _sum(_: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    source = arguments[0].get().core if arguments else None
    element = source.element.get().core if isinstance(source, AbstractArray) else None
    return AbstractValue(element) if isinstance(element, Number) else NUMBER


def _modulo(_: Inference, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    """`std.mod`: a number's remainder, or a format's text."""
    first = arguments[0].get().core if arguments else None
    if isinstance(first, Text):
        return TEXT
    return _among(_, arguments) if isinstance(first, Number) else ANYTHING


_RULES: Final[Mapping[str, Callable[[Inference, tuple[LazyValue, ...]], AbstractValue]]] = {
    "range": _range,
    "map": _map,
    "makeArray": _make_array,
    "filter": _filter,
    "join": _join_arrays,
    "max": _among,
    "min": _among,
    "clamp": _among,
    "abs": _among,
    "sum": _sum,
    "mod": _modulo,
}
_BY_KIND: Final = (
    (_BOOLEANS, BOOLEAN),
    (_WHOLES, WHOLE),
    (_NUMBERS, NUMBER),
    (_TEXTS, TEXT),
    (_TEXT_ARRAYS, AbstractValue(AbstractArray(evaluated(TEXT)))),
    (frozenset({"trace"}), ANYTHING),
)


def native_result(name: str, arguments: tuple[LazyValue, ...]) -> AbstractValue:
    """What the function that templates know by this name may return."""
    spec = CATALOG.find(name)
    if spec is None:
        return ANYTHING
    if name == GET_ONE_OF.name and arguments:
        return _one_of(arguments[0].get())
    if spec.return_type is not ReturnType.OBJECT:
        return _OF_RETURN_TYPE[spec.return_type]
    fields = {
        field.name: AbstractField(
            evaluated(_OF_RETURN_TYPE[field.return_type]),
            None,
            Visibility.HIDDEN if field.hidden else Visibility.INHERIT,
        )
        for field in spec.fields.values()
    }
    return AbstractValue(AbstractObject((ObjectLayers((AbstractLayer(fields),)),)))


def _one_of(items: AbstractValue) -> AbstractValue:
    if isinstance(items.core, AbstractArray):
        return items.core.element.get()
    if not isinstance(items.core, Text) or items.core.values is None:
        return TEXT if isinstance(items.core, Text) else ANYTHING
    return text_of(*(item for text in items.core.values for item in items_of(text)))


_OF_RETURN_TYPE: Final = {
    ReturnType.INTEGER: WHOLE,
    ReturnType.NUMBER: NUMBER,
    ReturnType.TEXT: TEXT,
    ReturnType.TIMESTAMP: AbstractValue(Text(timestamp=True)),
    ReturnType.JSON: ANYTHING,
}
