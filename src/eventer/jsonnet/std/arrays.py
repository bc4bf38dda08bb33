"""Functions of arrays; elements stay unforced if possible."""

from __future__ import annotations

import math

from eventer.jsonnet.std.arguments import characters, expect, length, size
from eventer.jsonnet.std.declarations import Call, function, lazy, strict
from eventer.jsonnet.values import Array, Function, Operand, Value


@function("makeArray", strict("sz"), strict("func"))
def make_array(call: Call, count: Value, func: Value) -> Value:
    """`sz` elements, each the result of a function of its position, computed lazily."""
    many, make = size(call, count, "sz"), call.function(func, "func")
    call.meter.charge_element_bytes(max(many, 0))
    return Array([call.later(make, [float(i)], 1, i) for i in range(many)])


@function("range", strict("from"), strict("to"))
def range_of(call: Call, first: Value, last: Value) -> Value:
    """The whole numbers from `from` to `to`, both included."""
    start, end = size(call, first, "from"), size(call, last, "to")
    call.meter.charge_elements(max(end - start + 1, 0))
    return Array([float(i) for i in range(start, end + 1)])


@function("repeat", strict("what"), strict("count"))
def repeat(call: Call, what: Value, count: Value) -> Value:
    """A string or an array, repeated."""
    expect(call, what, "what", "string", "array")
    times = max(size(call, count, "count"), 0)
    if isinstance(what, str):
        call.meter.charge_bytes(len(what) * times)
        call.meter.charge_copying(len(what) * times)
        return what * times
    items = call.array(what, "what").items
    call.meter.charge_elements(len(items) * times)
    return Array(items * times)


@function("map", strict("func"), strict("arr"))
def map_of(call: Call, func: Value, array: Value) -> Value:
    """The results of a function for each element, computed lazily."""
    change = call.function(func, "func")
    items = _items(call, array)
    call.meter.charge_element_bytes(len(items))
    return Array([call.later(change, [item], 0, i) for i, item in enumerate(items)])


@function("mapWithIndex", strict("func"), strict("arr"))
def map_with_index(call: Call, func: Value, array: Value) -> Value:
    """The results of a function of position and element, computed lazily."""
    change = call.function(func, "func")
    items = _items(call, array)
    call.meter.charge_element_bytes(len(items))
    return Array([call.later(change, [float(i), item], 0, i) for i, item in enumerate(items)])


@function("flatMap", strict("func"), strict("arr"))
def flat_map(call: Call, func: Value, array: Value) -> Value:
    """The joined results of a function for each element: arrays of arrays, strings of strings."""
    make = call.function(func, "func")
    if isinstance(array, str):
        return _flat_text(call, make, array)
    joined: list[Operand] = []
    for i, item in enumerate(_items(call, array)):
        made = call.array(call.apply(make, [item], 0, i), "the function's result").items
        call.meter.charge_elements(len(made))
        joined += made
    return Array(joined)


def _flat_text(call: Call, make: Function, text: str) -> str:
    parts: list[str] = []
    for i, letter in enumerate(text):
        part = call.string(call.apply(make, [letter], 0, i), "the function's result")
        call.meter.charge_bytes(len(part))
        parts.append(part)
    return "".join(parts)


@function("filter", strict("func"), strict("arr"))
def filter_of(call: Call, func: Value, array: Value) -> Value:
    """The elements for which a function returns true; only the function forces them."""
    test = call.function(func, "func")
    return Array([item for _, item in _kept(call, test, call.array(array, "arr"))])


@function("filterMap", strict("filter_func"), strict("map_func"), strict("arr"))
def filter_map(call: Call, test: Value, change: Value, array: Value) -> Value:
    """The elements for which one function returns true, mapped lazily by another."""
    keep, make = call.function(test, "filter_func"), call.function(change, "map_func")
    kept = _kept(call, keep, call.array(array, "arr"))
    return Array([call.later(make, [item], 1, i) for i, item in kept])


def _kept(call: Call, test: Function, array: Array) -> list[tuple[int, Operand]]:
    """The positions and elements for which a test, argument 0, returns true."""
    call.meter.charge_elements(len(array))
    return [
        (i, item)
        for i, item in enumerate(array.items)
        if call.boolean(call.apply(test, [item], 0, i), "the function's result")
    ]


@function("foldl", strict("func"), strict("arr"), strict("init"))
def fold_left(call: Call, func: Value, array: Value, start: Value) -> Value:
    """A function of the result so far and the next element, from the first element on."""
    combine, result = call.function(func, "func"), start
    for i, item in enumerate(_items(call, array)):
        result = call.apply(combine, [result, item], 0, i)
    return result


@function("foldr", strict("func"), strict("arr"), strict("init"))
def fold_right(call: Call, func: Value, array: Value, start: Value) -> Value:
    """A function of the next element and the result so far, from the last element on."""
    combine, result = call.function(func, "func"), start
    items = _items(call, array)
    for i in range(len(items) - 1, -1, -1):
        result = call.apply(combine, [items[i], result], 0, i)
    return result


def _items(call: Call, array: Value) -> list[Operand]:
    """The elements of an array, or the characters of a string."""
    expect(call, array, "arr", "array", "string")
    return characters(call, array)


@function("join", strict("sep"), strict("arr"))
def join(call: Call, separator: Value, array: Value) -> Value:
    """Strings or arrays joined with a separator of their type; nulls are skipped."""
    parts = call.array(array, "arr")
    expect(call, separator, "sep", "string", "array")
    if isinstance(separator, str):
        return _joined_text(call, separator, parts)
    between = call.array(separator, "sep").items
    joined: list[Operand] = []
    first = True
    for item in parts.items:
        call.meter.charge_steps(1)
        part = call.force(item)
        if part is None:
            continue
        items = call.array(part, "an element").items
        call.meter.charge_elements(len(items) + (0 if first else len(between)))
        joined += items if first else between + items
        first = False
    return Array(joined)


def _joined_text(call: Call, separator: str, parts: Array) -> str:
    texts: list[str] = []
    for item in parts.items:
        call.meter.charge_steps(1)
        part = call.force(item)
        if part is None:
            continue
        text = call.string(part, "an element")
        call.meter.charge_bytes(len(text) + len(separator))
        call.meter.charge_copying(len(text) + len(separator))
        texts.append(text)
    return separator.join(texts)


@function("lines", strict("arr"))
def lines(call: Call, array: Value) -> Value:
    """Strings as lines, each with a line break at its end."""
    parts = call.array(array, "arr").items
    call.meter.charge_elements(len(parts))
    return _joined_text(call, "\n", Array([*parts, ""]))


@function("deepJoin", strict("arr"))
def deep_join(call: Call, value: Value) -> Value:
    """The strings in nested arrays, joined."""
    return joined_text(call, value)


def joined_text(call: Call, value: Value) -> str:
    """A string, or the strings in nested arrays, joined."""
    texts: list[str] = []
    pending: list[Operand] = [value]
    while pending:
        call.meter.charge_steps(1)
        part = call.force(pending.pop())
        expect(call, part, "what is joined", "string", "array")
        if isinstance(part, Array):
            call.meter.charge_elements(len(part))
            pending += reversed(part.items)
        elif isinstance(part, str):
            call.meter.charge_bytes(len(part))
            call.meter.charge_copying(len(part))
            texts.append(part)
    return "".join(texts)


@function("flattenArrays", strict("arrs"))
def flatten_arrays(call: Call, arrays: Value) -> Value:
    """The concatenation of arrays: their sum, starting with an empty array."""
    joined: list[Operand] = []
    items = _items(call, arrays)
    for i, item in enumerate(items):
        part = call.force(item)
        if not isinstance(part, Array):
            return _added(call, Array(joined), part, items[i + 1 :])
        call.meter.charge_elements(len(part))
        joined += part.items
    return Array(joined)


def _added(call: Call, total: Value, part: Value, rest: list[Operand]) -> Value:
    """The sum if an element is not an array: a string, for example, makes the sum a string."""
    total = call.add(total, part)
    for item in rest:
        total = call.add(total, call.force(item))
    return total


@function("flattenDeepArray", strict("value"))
def flatten_deep_array(call: Call, value: Value) -> Value:
    """The elements of nested arrays as one array."""
    flat: list[Operand] = []
    pending: list[Operand] = [value]
    while pending:
        call.meter.charge_elements(1)
        part = call.force(pending.pop())
        if isinstance(part, Array):
            call.meter.charge_elements(len(part))
            pending += reversed(part.items)
        else:
            flat.append(part)
    return Array(flat)


@function("reverse", strict("arr"))
def reverse(call: Call, array: Value) -> Value:
    """The elements from the last to the first."""
    items = call.array(array, "arr").items
    call.meter.charge_elements(len(items))
    return Array(items[::-1])


@function("slice", strict("indexable"), strict("index"), strict("end"), strict("step"))
def slice_of(call: Call, whole: Value, start: Value, end: Value, step: Value) -> Value:
    """Every `step`th element from `start` up to `end`; negative bounds count from the end."""
    expect(call, whole, "what is sliced", "string", "array")
    count = length(call, whole)
    stride = 1.0 if step is None else call.number(step, "step")
    if stride <= 0:
        raise call.error(f"the step of a slice must be greater than 0, got {stride:g}")
    first = 0.0 if start is None else call.number(start, "index")
    last = float(count) if end is None else call.number(end, "end")
    first = max(0.0, first + count) if first < 0 else first
    last = min(last + count if last < 0 else last, count)
    places = _places(call, first, last, stride)
    if isinstance(whole, str):
        return "".join([whole[place] for place in places]) if stride != 1 else whole[_plain(places)]
    items = call.array(whole, "indexable").items
    return Array([items[place] for place in places] if stride != 1 else items[_plain(places)])


def _places(call: Call, first: float, last: float, stride: float) -> range | list[int]:
    """The positions of a slice; fractional positions are truncated."""
    many = max(math.ceil((last - first) / stride), 0)
    call.meter.charge_elements(many)
    if first.is_integer() and stride.is_integer():
        return range(int(first), int(first) + many * int(stride), int(stride))
    places: list[int] = []
    while first < last:
        places.append(int(first))
        first += stride
    return places


def _plain(places: range | list[int]) -> slice:
    """Neighbouring positions as a Python slice."""
    return slice(places[0], places[-1] + 1) if places else slice(0, 0)


@function("member", strict("arr"), strict("x"))
def member(call: Call, array: Value, value: Value) -> Value:
    """Whether an array contains an equal element, or a string a substring."""
    expect(call, array, "arr", "array", "string")
    if isinstance(array, str):
        part = call.string(value, "x")
        call.meter.charge_reading(len(array) + len(part))
        return part in array
    return _place_of(call, call.array(array, "arr"), value) is not None


@function("contains", strict("arr"), strict("elem"))
def contains(call: Call, array: Value, value: Value) -> Value:
    """Whether an array has an equal element."""
    return _place_of(call, call.array(array, "arr"), value) is not None


@function("count", strict("arr"), lazy("x"))
def count_of(call: Call, array: Value, value: Operand) -> Value:
    """The number of equal elements."""
    return float(len(_places_of(call, call.array(array, "arr"), value)))


@function("find", lazy("value"), strict("arr"))
def find(call: Call, value: Operand, array: Value) -> Value:
    """The positions of equal elements."""
    return Array([float(place) for place in _places_of(call, call.array(array, "arr"), value)])


def _places_of(call: Call, array: Array, value: Operand) -> list[int]:
    """The positions of equal elements; without elements, the value is not forced."""
    places: list[int] = []
    for i, item in enumerate(array.items):
        call.meter.charge_elements(1)
        if call.equals(call.force(item), call.force(value)):
            places.append(i)
    return places


def _place_of(call: Call, array: Array, value: Value) -> int | None:
    """The position of the first equal element; those after it are not forced."""
    for i, item in enumerate(array.items):
        call.meter.charge_steps(1)
        if call.equals(call.force(item), value):
            return i
    return None


@function("remove", strict("arr"), strict("elem"))
def remove(call: Call, array: Value, value: Value) -> Value:
    """The array without the first equal element."""
    items = call.array(array, "arr")
    place = _place_of(call, items, value)
    return items if place is None else _without(call, items, place)


@function("removeAt", strict("arr"), strict("i"))
def remove_at(call: Call, array: Value, index: Value) -> Value:
    """The array without the element at a position."""
    items, place = call.array(array, "arr"), size(call, index, "i")
    if not 0 <= place < len(items):
        raise call.error(f"element {place} is out of range for an array of {len(items)}")
    return _without(call, items, place)


def _without(call: Call, array: Array, place: int) -> Array:
    call.meter.charge_elements(len(array))
    return Array(array.items[:place] + array.items[place + 1 :])


@function("all", strict("arr"))
def all_of(call: Call, array: Value) -> Value:
    """Whether every element is true; those after the first false one are not forced."""
    return not _any(call, array, wanted=False)


@function("any", strict("arr"))
def any_of(call: Call, array: Value) -> Value:
    """Whether some element is true; those after it are not forced."""
    return _any(call, array, wanted=True)


def _any(call: Call, array: Value, *, wanted: bool) -> bool:
    for item in call.array(array, "arr").items:
        call.meter.charge_steps(1)
        if call.boolean(call.force(item), "an element") is wanted:
            return True
    return False


@function("$flatMapArray", strict("func"), strict("arr"))
def flat_map_array(call: Call, func: Value, array: Value) -> Value:
    """`flatMap` of arrays only, which go-jsonnet uses for comprehensions."""
    return flat_map(call, func, call.array(array, "arr"))
